f() {
    // new
    return false;
}