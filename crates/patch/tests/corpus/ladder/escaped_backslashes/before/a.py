p = "a\n"
