return value + 1
