hello() {
    log("hello world")
}

bye() {
    log("bye world")
}