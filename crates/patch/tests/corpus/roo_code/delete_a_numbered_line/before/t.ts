line 1
line to delete
line 3