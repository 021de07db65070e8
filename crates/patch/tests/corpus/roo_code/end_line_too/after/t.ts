function greet() {
    console.log("hello")
}
