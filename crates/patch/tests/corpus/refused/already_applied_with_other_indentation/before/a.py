if x:
    second = 2
