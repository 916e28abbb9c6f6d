"""Physical constants and the factors between units: CODATA 2018 (doi:10.1103/RevModPhys.93.025010), and exact ones."""

from __future__ import annotations

__all__ = [
    "ATMOSPHERE_IN_BAR",
    "ATMOSPHERE_IN_PASCAL",
    "AVOGADRO_PER_ANGSTROM3_CM3",
    "BOHR",
    "CALORIE",
    "COULOMB_KCAL",
    "DALTON",
    "DEBYE_PER_ATOMIC_UNIT",
    "FARADAY",
    "GAS_CONSTANT",
    "GAS_CONSTANT_KCAL",
    "GAS_CONSTANT_KCAL_OF_GROWTH",
    "GAS_CONSTANT_KCAL_OF_OPENMM",
    "GAS_CONSTANT_OF_CONFORMERS",
    "HARTREE",
    "HARTREE_IN_KJ_PER_MOL",
    "HARTREE_IN_NM",
]

BOHR = 0.529177210903  # angstrom
HARTREE = 27.211386245988  # eV
HARTREE_IN_KJ_PER_MOL = 2625.4996394799
HARTREE_IN_NM = 45.56335252912  # hc / E_h: the wavelength of a photon of one hartree
FARADAY = 96.48533212331002  # kJ/mol of 1 eV, exact
DEBYE_PER_ATOMIC_UNIT = 2.541746473  # of 1 e bohr
CALORIE = 4.184  # J of a thermochemical calorie, by definition; so kJ of a kcal
GAS_CONSTANT = 8.31446261815324e-3  # kJ/(mol K), exact
GAS_CONSTANT_KCAL = GAS_CONSTANT / CALORIE  # kcal/(mol K)
ATMOSPHERE_IN_PASCAL = 101325.0  # by definition
ATMOSPHERE_IN_BAR = 1.01325
DALTON = 1.66053906660  # g/cm3 of 1 g/mol per angstrom3
AVOGADRO_PER_ANGSTROM3_CM3 = 0.602214076  # cm3/mol of 1 angstrom3 per molecule, exact

# What follows is rounded as the results of present protocols were computed with: the exact digits would move them by
# 1e-11 to 1e-7, which is for a new version of a protocol to do.
GAS_CONSTANT_OF_CONFORMERS = 8.314462618e-3  # kJ/(mol K): Boltzmann weights of conformers
GAS_CONSTANT_KCAL_OF_GROWTH = 0.0019872041  # kcal/(mol K): torsions of growing chains
GAS_CONSTANT_KCAL_OF_OPENMM = 1.987204259e-3  # kcal/(mol K): temperatures of OpenMM's samples
COULOMB_KCAL = 332.06371  # kcal angstrom/(mol e2): 1/(4 pi epsilon_0) as LAMMPS rounds it
