"""Relaxation of crystals by universal potentials, their formation energies, and how far to trust these."""
