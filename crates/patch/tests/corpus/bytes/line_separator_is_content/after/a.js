let s = 'c d';
let t;
