f {
	y;
