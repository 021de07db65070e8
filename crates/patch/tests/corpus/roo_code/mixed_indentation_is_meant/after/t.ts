class E {
    f() {
        if (true) {
        this.init();
            this.setup();
    this.check();
        }
    }
}