class T {
    m() {
        try {
            if (true) {
                log();
            }
        } catch (e) {
            err(e);
        }
    }
}