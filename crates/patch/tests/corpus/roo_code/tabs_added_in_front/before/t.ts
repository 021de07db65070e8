	f() {
		return true;
	}