hello() {
    log("hi world")

}

bye() {
    log("bye world")
}