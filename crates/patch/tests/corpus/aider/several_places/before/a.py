line1
line2
line1
line3
