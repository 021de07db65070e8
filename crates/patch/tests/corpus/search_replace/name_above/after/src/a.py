one
too
three
