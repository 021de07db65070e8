class E {
    f() {
    }
}