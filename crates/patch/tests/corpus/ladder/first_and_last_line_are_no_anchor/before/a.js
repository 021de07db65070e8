/**
 * Adds.
 */
function add(a, b) {
  return a + b;
}

/**
 * Subtracts.
 */
function sub(a, b) {
  return a - b;
}
