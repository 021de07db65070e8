let s = 'a b';
let t;
