	f() {
		// one
		// two
		return true;
	}