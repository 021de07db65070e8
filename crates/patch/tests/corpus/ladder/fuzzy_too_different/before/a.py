def add(a, b):
    # adds a and b and gives back the sum of them
    total = a + b
    return total
