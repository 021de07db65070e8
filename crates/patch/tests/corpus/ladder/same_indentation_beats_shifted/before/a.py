    x 
x 
