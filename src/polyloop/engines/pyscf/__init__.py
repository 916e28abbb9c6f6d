"""PySCF: ground states and frequency-dependent polarizabilities."""
