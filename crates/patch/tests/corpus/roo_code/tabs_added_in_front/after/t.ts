	f() {
		// why
		return false;
	}