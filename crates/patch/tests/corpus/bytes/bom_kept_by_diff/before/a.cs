using A;
x
