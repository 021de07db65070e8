import a
b
