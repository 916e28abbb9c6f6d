"""Refractive index and Abbe number from quantum chemistry on oligomers."""
