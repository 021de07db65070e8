def runner():
    x = 1


def run():
    x = 1
