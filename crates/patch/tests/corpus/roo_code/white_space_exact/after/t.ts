    d
        e
    f
