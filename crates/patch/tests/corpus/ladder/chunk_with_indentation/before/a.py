    x
    y
