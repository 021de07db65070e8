class E {
    f() {
        // Init
        this.v = 0;
        // End
    }
}