f() {
    one();
    // Comment to remove
    two();
}