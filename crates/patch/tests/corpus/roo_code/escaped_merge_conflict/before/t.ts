f(a, b) {
<<<<<<< HEAD
    return a + b;
=======
    return a * b;
>>>>>>> feature-branch
}