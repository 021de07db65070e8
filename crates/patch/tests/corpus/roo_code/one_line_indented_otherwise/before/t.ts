class E {
    constructor() {
        this.v = 0;
        if (true) {
            this.init();
        }
    }
}