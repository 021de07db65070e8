x
y
