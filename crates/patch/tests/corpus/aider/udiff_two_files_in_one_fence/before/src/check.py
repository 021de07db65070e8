def f():
    try:
        g()
    except Exception as err:
        show(err)
