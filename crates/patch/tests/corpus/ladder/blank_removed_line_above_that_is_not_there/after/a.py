    c
