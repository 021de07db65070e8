f() {
    return false;
}
