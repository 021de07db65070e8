	class E {
	    constructor() {
		this.v = 0;
	    }
	}