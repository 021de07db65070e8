x  
y	
q
