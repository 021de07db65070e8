a {
	x;
}
