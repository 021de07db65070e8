int a(void) {
	return 0;
}

int b(void) {
	start();
	return 0;
}
