    x
  x
