
function e() {
    return 42;
}

