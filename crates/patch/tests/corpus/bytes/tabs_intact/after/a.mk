all:
	cc -O2 a.c
