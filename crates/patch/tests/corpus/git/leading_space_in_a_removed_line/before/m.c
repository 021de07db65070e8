#include
void p(int n);
int f(int n);
