    a
  b
