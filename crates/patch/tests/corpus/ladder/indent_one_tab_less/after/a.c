x;
	z;
