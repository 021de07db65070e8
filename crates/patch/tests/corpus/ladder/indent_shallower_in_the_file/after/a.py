def f():
  y
  z
