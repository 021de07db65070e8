f() {
	return true;
}
