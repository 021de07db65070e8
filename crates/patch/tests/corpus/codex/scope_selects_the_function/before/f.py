def e():
    pass
def f():
    pass
