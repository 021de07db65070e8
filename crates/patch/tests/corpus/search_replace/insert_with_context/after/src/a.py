one
one and a half
two
three
