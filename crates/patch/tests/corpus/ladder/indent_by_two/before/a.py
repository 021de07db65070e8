  a
    b
