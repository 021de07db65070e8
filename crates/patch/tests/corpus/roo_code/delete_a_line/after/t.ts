f() {
    one();
    two();
}