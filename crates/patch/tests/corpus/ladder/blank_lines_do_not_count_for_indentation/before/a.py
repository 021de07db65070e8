    a

    b
