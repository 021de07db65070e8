    a

    c
