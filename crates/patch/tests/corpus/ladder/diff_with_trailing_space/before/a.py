x  
y
