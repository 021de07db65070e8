a {
	y;
}
