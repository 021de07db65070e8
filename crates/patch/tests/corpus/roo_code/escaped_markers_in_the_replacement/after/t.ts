f() {
=======
<<<<<<< SEARCH
>>>>>>> REPLACE
    2;
}