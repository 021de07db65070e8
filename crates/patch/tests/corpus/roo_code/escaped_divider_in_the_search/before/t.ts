f() {
=======
    return true;
}