"""The 22 QMex descriptors of a methyl-capped oligomer, or of a molecule, by quantum chemistry."""
