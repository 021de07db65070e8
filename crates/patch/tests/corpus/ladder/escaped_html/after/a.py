if a < b:
