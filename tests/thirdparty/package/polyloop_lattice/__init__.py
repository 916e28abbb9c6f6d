"""Chains of hydrophobic (H) and polar (P) beads on a square lattice (doi:10.1021/ma00200a030)."""
