	if (a &&
	    b)
		x;
