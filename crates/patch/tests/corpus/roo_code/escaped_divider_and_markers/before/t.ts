<<<<<<< SEARCH
=======
>>>>>>> REPLACE
