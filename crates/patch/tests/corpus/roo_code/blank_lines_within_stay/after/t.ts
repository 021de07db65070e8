x() {
    log("c")

    log("d")
}