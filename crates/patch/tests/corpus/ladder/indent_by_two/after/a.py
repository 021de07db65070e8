  a
    c
