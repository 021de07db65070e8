// Example
<<<<<<< HEAD
// content
