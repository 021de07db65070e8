line 1
new line 2