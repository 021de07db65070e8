x  
z
