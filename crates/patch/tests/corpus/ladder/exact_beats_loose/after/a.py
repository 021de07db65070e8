y  
z
