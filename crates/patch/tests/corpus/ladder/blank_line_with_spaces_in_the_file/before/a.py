a
    
b
