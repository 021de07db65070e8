def one():
    # first
    return 1


def two():
    return 1
