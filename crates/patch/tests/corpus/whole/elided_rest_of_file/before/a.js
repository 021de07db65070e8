let a = 0;
let b = 2;
