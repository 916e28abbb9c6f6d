"""Universal interatomic potentials: energies and forces of crystals of nearly any elements."""
