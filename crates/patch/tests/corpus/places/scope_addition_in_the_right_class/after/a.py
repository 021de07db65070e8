class A:
    def run(self):
        log()
        return 1

    def stop(self):
        log()
        return 2


class B:
    kind = 2
    def run(self):
        log()
        return 1
