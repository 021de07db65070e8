def f():
    if y:
        go()
