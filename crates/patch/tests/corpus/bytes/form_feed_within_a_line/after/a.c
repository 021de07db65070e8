xz
q
