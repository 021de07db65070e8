class B:
    kind = 2
