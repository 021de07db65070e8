function greet() {
    console.log("hi")
}
