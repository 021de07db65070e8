def e():
    if c:
        do()
        for i in x:
            p(i)
    return True