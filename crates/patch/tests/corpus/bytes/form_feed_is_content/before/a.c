/* one */

/* two */
