/*
 * two
 */
