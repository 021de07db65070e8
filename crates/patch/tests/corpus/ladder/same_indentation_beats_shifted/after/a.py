    x 
y
