a
line
