m() {
>>>>>>> REPLACE
    1;
}