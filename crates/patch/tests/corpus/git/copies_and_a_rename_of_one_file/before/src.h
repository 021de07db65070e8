/*
 * src
 */
