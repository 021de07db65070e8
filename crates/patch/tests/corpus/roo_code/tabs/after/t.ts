f() {
	return false;
}
