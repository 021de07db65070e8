f {
  x {
    y;
