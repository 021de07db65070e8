class A:
    class B:
        def f(self):
            for i in range(3):
                if i:
                    return i
            return 1
