return x.replace(/a/, '$&$1');
