m = 'It\'s "x"';
