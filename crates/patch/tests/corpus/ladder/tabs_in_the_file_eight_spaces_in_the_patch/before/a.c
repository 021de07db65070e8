f {
	x;
