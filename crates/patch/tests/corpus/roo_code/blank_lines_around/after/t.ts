
function e() {
    return 43;
}

