class T {
    m() {
        if (true) {
            log();
        }
    }
}