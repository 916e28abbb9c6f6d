"""Universal interatomic potentials: energies, forces and stresses of crystals of nearly any elements within milliseconds."""
