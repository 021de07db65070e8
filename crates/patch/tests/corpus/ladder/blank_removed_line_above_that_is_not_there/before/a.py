    a
    b
