f {
  x {
    z;
