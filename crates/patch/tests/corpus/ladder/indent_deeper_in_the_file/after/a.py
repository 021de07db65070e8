class A:
    def f():
        if y:
            x

        z
