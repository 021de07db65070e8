total = price = 1 + tax
