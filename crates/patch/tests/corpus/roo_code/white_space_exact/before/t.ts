    a
        b
    c
