return s;
