def f():
    if y:
        stop()
        go()
