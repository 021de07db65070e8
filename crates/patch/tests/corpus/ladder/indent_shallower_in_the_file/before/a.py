def f():
  x
