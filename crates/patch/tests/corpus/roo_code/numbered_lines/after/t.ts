class E {
    g() {
    }
}