a
    
c
