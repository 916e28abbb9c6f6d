"""Constants in the units of molecular-dynamics stages: kcal/mol, angstrom, ps, g/mol, K, atm, e."""

from __future__ import annotations

from scipy import constants

from polyloop.core.constants import GAS_CONSTANT_KCAL

__all__ = [
    "ATM_ANGSTROM3",
    "BOLTZMANN",
    "COULOMB",
    "GPA_PER_ENERGY_DENSITY",
    "JOULE_PER_KG_PER_KCAL_PER_G",
    "KCAL_PER_KINETIC_UNIT",
    "M2_PER_S_PER_ANGSTROM2_PER_PS",
    "WATT_PER_M_K",
    "WAVENUMBER_PER_INVERSE_PS",
]

_KCAL_PER_MOL_IN_JOULE = 4184.0 / constants.Avogadro

# kcal/(mol K).
BOLTZMANN = GAS_CONSTANT_KCAL
# kcal/mol in one atm angstrom3.
ATM_ANGSTROM3 = constants.atm * 1e-30 / _KCAL_PER_MOL_IN_JOULE
# GPa in one kcal/(mol angstrom3).
GPA_PER_ENERGY_DENSITY = _KCAL_PER_MOL_IN_JOULE * 1e30 * 1e-9
# J/kg in one kcal/g.
JOULE_PER_KG_PER_KCAL_PER_G = 4184.0 * 1e3
# kcal/mol in one (g/mol) (angstrom/ps)2.
KCAL_PER_KINETIC_UNIT = 1e-3 * (1e-10 / 1e-12) ** 2 / 4184.0
# m2/s in one angstrom2/ps.
M2_PER_S_PER_ANGSTROM2_PER_PS = 1e-20 / 1e-12
# W/(m K) in one kcal/(mol ps angstrom K).
WATT_PER_M_K = _KCAL_PER_MOL_IN_JOULE / (1e-12 * 1e-10)
# 1/(4 pi epsilon_0) in kcal angstrom/(mol e2).
COULOMB = constants.elementary_charge**2 / (4.0 * constants.pi * constants.epsilon_0 * 1e-10 * _KCAL_PER_MOL_IN_JOULE)
# 1/cm in one 1/ps.
WAVENUMBER_PER_INVERSE_PS = 1e12 / (constants.speed_of_light * 100.0)
