/*
 * one
 */
