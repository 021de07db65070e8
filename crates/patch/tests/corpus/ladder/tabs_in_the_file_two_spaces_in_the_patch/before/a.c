f {
	x {
		y;
