f {
	x {
		z;
			w;
