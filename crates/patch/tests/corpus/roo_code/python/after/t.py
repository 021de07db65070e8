def e():
    if c:
        do()
        while x:
            i = x.pop()
            p(i)
    return True