xy
q
