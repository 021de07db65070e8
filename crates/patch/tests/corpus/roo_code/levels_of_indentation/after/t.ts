class E {
    constructor() {
        this.v = 1;
        if (true) {
            this.init();
            this.check();
        }
    }
}