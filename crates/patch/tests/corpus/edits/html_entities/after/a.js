if (a <= b && c) {
}
