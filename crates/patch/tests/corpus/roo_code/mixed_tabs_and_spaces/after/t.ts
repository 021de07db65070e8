	class E {
	    constructor() {
		this.v = 1;
	    }
	}