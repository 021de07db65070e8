line 1
line 3