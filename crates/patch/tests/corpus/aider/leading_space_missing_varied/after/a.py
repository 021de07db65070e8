
    line1
    new2
        new3
    line4
