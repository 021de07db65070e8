using A;
using B;
x
