x	
