f {
    x;
