b
d
