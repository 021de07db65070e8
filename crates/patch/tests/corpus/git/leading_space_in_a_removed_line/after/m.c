#include
void p(int n);
/* why */
int f(int n);
