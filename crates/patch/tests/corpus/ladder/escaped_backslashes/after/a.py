p = "b\n"
