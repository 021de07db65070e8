y  
y
