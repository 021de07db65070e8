x
z
