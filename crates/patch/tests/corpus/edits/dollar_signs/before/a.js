return x;
