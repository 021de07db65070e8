all:
	cc a.c
