f() {
    const x = 1;
    
    // Check x
    if (x) {
        return;
    }
}