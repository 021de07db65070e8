    x
    z
      w
