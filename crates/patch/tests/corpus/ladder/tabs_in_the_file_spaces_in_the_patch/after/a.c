f {
	x {
		z;
		w;
