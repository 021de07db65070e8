x() {
    log("a")

    log("b")
}