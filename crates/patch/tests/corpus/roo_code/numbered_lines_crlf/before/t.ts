f() {
    return true;
}
