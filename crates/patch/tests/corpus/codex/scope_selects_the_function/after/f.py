def e():
    pass
def f():
    return 123
