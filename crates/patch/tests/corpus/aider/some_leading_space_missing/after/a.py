    new1
        new2
    line3
