x;
	y;
