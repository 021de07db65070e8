x  
z
q
