# the first comment here
x = 1
