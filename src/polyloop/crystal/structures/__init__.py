"""Crystal structures: arrays, CIF files, symmetry, and one line of text that is the same for every setting."""
