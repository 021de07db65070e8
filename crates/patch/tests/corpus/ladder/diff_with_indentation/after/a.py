    x
    z
    w
