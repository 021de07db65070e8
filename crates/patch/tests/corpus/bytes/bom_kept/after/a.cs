using B;
x
