"""The one table of properties: name, symbol, unit, plausible range, definition, reference; and those that users add."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isfinite

from polyloop.core.constants import AVOGADRO_PER_ANGSTROM3_CM3, GAS_CONSTANT
from polyloop.core.errors import InvalidInputError
from polyloop.core.invariant import Invariant
from polyloop.core.names import did_you_mean
from polyloop.core.registry import Registry

__all__ = ["MATTER", "PROPERTIES", "Property", "add_property", "added_properties", "get_property"]

# Kinds of subjects whose bulk, or whose repeat unit, has most properties; and those that are chains.
MATTER = ("polymer", "copolymer", "molecule")
_CHAINS = ("polymer", "copolymer")
_NAME = re.compile(r"^[A-Za-z][A-Za-z0-9_]{0,63}$")
_LONGEST_UNIT = 32

_PACKING = Invariant(
    "packing fraction of the van der Waals volume", "identity", {"vdw_volume": 1, "molar_mass": -1},
    AVOGADRO_PER_ANGSTROM3_CM3, "doi:10.1021/jo034808o",
)  # fmt: skip
# (n2 - 1)/(n2 + 2) = R rho / M, and rho = packing * M / V: what is left of the ratio is the packing.
_REFRACTION = Invariant(
    "packing fraction by the Lorentz-Lorenz ratio", "lorentz_lorenz", {"vdw_volume": 1, "molar_refraction": -1},
    AVOGADRO_PER_ANGSTROM3_CM3, "doi:10.1021/ci990307l",
)  # fmt: skip
_HEAT_PER_ATOM = Invariant(
    "heat capacity per atom, in gas constants", "identity", {"molar_mass": 1, "atoms": -1}, 1e-6 / GAS_CONSTANT,
    "Petit & Dulong (1819), Annales de Chimie et de Physique 10, 395",
)  # fmt: skip
_LOG = Invariant("logarithm", "log", {})


@dataclass(frozen=True)
class Property:
    """One row of the property table. A value holds at the conditions of its record, which the definition leaves open.

    `low` and `high` bound the plausible range in `unit`; a value outside is `unphysical`: kept and shown,
    never fed to a model.

    Parameters
    ----------
    kinds
        Kinds of subjects that have it; empty for any.
    depends_on_state
        Whether its value depends on the conditions, such as the temperature.
    invariant
        What it becomes once mass, volume and number of atoms are taken out of it: models may learn that instead.

    Raises
    ------
    InvalidInputError
        If the name is no name, the unit is too long, or the range is empty.
    """

    name: str
    symbol: str
    unit: str
    low: float
    high: float
    definition: str
    reference: str
    kinds: tuple[str, ...] = MATTER
    depends_on_state: bool = True
    invariant: Invariant | None = None

    def __post_init__(self) -> None:
        if not _NAME.match(self.name) or self.name.endswith("_std"):
            raise InvalidInputError(
                f"{self.name!r} is no name of a property.",
                where="properties",
                hint="Write letters, digits and _, e.g. 'toughness'; the ending _std is that of deviations.",
            )
        if not self.unit or len(self.unit) > _LONGEST_UNIT:
            raise InvalidInputError(
                f"The unit {self.unit!r} of {self.name} is none.", where="unit", hint="Write '1' for a pure number."
            )
        if not self.low < self.high:
            raise InvalidInputError(
                f"The plausible range of {self.name}, {self.low:g} to {self.high:g}, is empty.", where="low"
            )

    def belongs_to(self, kind: str) -> bool:
        """Tell whether subjects of a kind have it."""
        return not self.kinds or kind in self.kinds

    @property
    def words(self) -> str:
        """The name as words: `glass transition temperature`."""
        spaced = (
            self.name.replace("_", " ")
            .replace("abbe", "Abbe")
            .replace(" cp", " at constant pressure")
            .replace(" cv", " at constant volume")
        )
        return re.sub(r"\b(homo|lumo)\b", lambda found: found[0].upper(), spaced)

    def is_plausible(self, value: float) -> bool:
        """Tell whether `value` (in `unit`) is finite and inside the plausible range."""
        return isfinite(value) and self.low <= value <= self.high


_LORENTZ_LORENZ = "doi:10.1002/andp.18802450406 (Lorentz 1880); doi:10.1002/andp.18802470905 (Lorenz 1880)"
_QMEX = "doi:10.1038/s41524-023-01194-2"
_RADONPY = "doi:10.1038/s41524-022-00906-4"
_ROWS = (
    Property("refractive_index", "n_D", "1", 1.2, 2.6,
             "Refractive index of the amorphous solid at the sodium D line (589.29 nm).", _LORENTZ_LORENZ,
             invariant=_REFRACTION),
    Property("refractive_index_F", "n_F", "1", 1.2, 2.8,
             "Refractive index of the amorphous solid at the hydrogen F line (486.13 nm).", _LORENTZ_LORENZ,
             invariant=_REFRACTION),
    Property("refractive_index_C", "n_C", "1", 1.2, 2.6,
             "Refractive index of the amorphous solid at the hydrogen C line (656.27 nm).", _LORENTZ_LORENZ,
             invariant=_REFRACTION),
    Property("abbe_number", "V_D", "1", 2.0, 150.0,
             "Abbe number (n_D - 1) / (n_F - n_C).", "Born & Wolf, Principles of Optics, 7th ed., section 4.7"),
    Property("density", "rho", "g/cm3", 0.5, 4.5,
             "Mass density of the amorphous polymer.", "doi:10.1007/978-0-387-69002-5",
             invariant=_PACKING),
    Property("static_polarizability", "alpha_0", "angstrom3", 0.5, 500.0,
             "Isotropic static electronic polarizability volume of one repeat unit.",
             "doi:10.1063/1.438600", depends_on_state=False),
    Property("polarizability_D", "alpha_D", "angstrom3", 0.5, 600.0,
             "Isotropic electronic polarizability volume of one repeat unit at 589.29 nm.",
             "doi:10.1063/1.438600", depends_on_state=False),
    Property("molar_refraction", "R_D", "cm3/mol", 1.0, 1500.0,
             "Molar refraction of one repeat unit at 589.29 nm, (4 pi / 3) N_A alpha_D.",
             _LORENTZ_LORENZ, depends_on_state=False),
    Property("homo", "E_HOMO", "eV", -25.0, 0.0,
             "Energy of the highest occupied molecular orbital of the capped oligomer.",
             "doi:10.1063/5.0006074", depends_on_state=False),
    Property("lumo", "E_LUMO", "eV", -10.0, 10.0,
             "Energy of the lowest unoccupied molecular orbital of the capped oligomer.",
             "doi:10.1063/5.0006074", depends_on_state=False),
    Property("homo_lumo_gap", "E_gap", "eV", 0.0, 30.0,
             "Difference of LUMO and HOMO energies of the capped oligomer.",
             "doi:10.1063/5.0006074", depends_on_state=False),
    Property("dipole_moment", "mu", "debye", 0.0, 60.0,
             "Electric dipole moment of the capped repeat unit.", "doi:10.1063/5.0006074", depends_on_state=False),
    Property("solvation_energy", "dG_solv", "kJ/mol", -600.0, 150.0,
             "Free energy of solvation in water of the capped repeat unit (implicit solvent).",
             "doi:10.1021/acs.jctc.1c00471"),
    Property("van_der_waals_volume", "V_vdW", "cm3/mol", 5.0, 3000.0,
             "Van der Waals volume of one repeat unit.", "doi:10.1021/j100785a001", depends_on_state=False),
    Property("heat_capacity_cp", "C_p", "J/(kg K)", 500.0, 8000.0,
             "Isobaric specific heat capacity, vibrations by quantum statistics where it is computed.",
             "doi:10.1063/1.1624057",
             invariant=_HEAT_PER_ATOM),
    Property("heat_capacity_cv", "C_v", "J/(kg K)", 500.0, 8000.0,
             "Isochoric specific heat capacity, vibrations by quantum statistics where it is computed.",
             "doi:10.1063/1.1624057",
             invariant=_HEAT_PER_ATOM),
    Property("classical_heat_capacity_cp", "C_p,cl", "J/(kg K)", 500.0, 12000.0,
             "Isobaric specific heat capacity of classical molecular dynamics; above experiment.",
             _RADONPY,
             invariant=_HEAT_PER_ATOM),
    Property("classical_heat_capacity_cv", "C_v,cl", "J/(kg K)", 500.0, 12000.0,
             "Isochoric specific heat capacity of classical molecular dynamics; above experiment.",
             _RADONPY,
             invariant=_HEAT_PER_ATOM),
    Property("volume_expansion", "alpha_V", "1/K", -3e-4, 6e-3,
             "Volume thermal expansion coefficient (1/V) dV/dT at constant pressure.", _RADONPY),
    Property("linear_expansion", "alpha_L", "1/K", -1e-4, 2e-3,
             "Linear thermal expansion coefficient, a third of the volume expansion.", _RADONPY),
    Property("isothermal_compressibility", "beta_T", "1/GPa", 0.02, 10.0,
             "Isothermal compressibility -(1/V) dV/dP.", _RADONPY,
             invariant=_LOG),
    Property("isentropic_compressibility", "beta_S", "1/GPa", 0.02, 10.0,
             "Isentropic compressibility, the isothermal one times C_v/C_p.", _RADONPY,
             invariant=_LOG),
    Property("bulk_modulus", "K", "GPa", 0.1, 50.0,
             "Isothermal bulk modulus.", _RADONPY,
             invariant=_LOG),
    Property("isentropic_bulk_modulus", "K_S", "GPa", 0.1, 50.0,
             "Isentropic bulk modulus, the inverse of the isentropic compressibility.", _RADONPY,
             invariant=_LOG),
    Property("radius_of_gyration", "R_g", "angstrom", 1.0, 1000.0,
             "Root mean squared mass-weighted radius of gyration of a chain, of the length that was simulated.",
             "doi:10.1093/oso/9780198520597.001.0001", kinds=_CHAINS),
    Property("end_to_end_distance", "R_ee", "angstrom", 1.0, 5000.0,
             "Root mean squared distance of the two backbone ends of a chain, of the length that was simulated.",
             "doi:10.1093/oso/9780198520597.001.0001", kinds=_CHAINS),
    Property("self_diffusion", "D", "m2/s", 1e-20, 1e-7,
             "Self-diffusion coefficient of the chains' centres of mass, a sixth of the slope of their mean squared "
             "displacement where it grows linearly.", "doi:10.1093/oso/9780198803195.001.0001", kinds=_CHAINS,
             invariant=_LOG),
    Property("nematic_order", "S", "1", -0.5, 1.0,
             "Largest eigenvalue of the mean ordering tensor (3 u u - 1)/2 of the backbone's directions.",
             "doi:10.1080/00268978400101951", kinds=_CHAINS),
    Property("static_dielectric_constant", "epsilon_s", "1", 1.0, 200.0,
             "Static relative permittivity from fluctuations of fixed charges alone, without electronic polarization.",
             "doi:10.1080/00268978300102721"),
    Property("dielectric_constant", "epsilon_dc", "1", 1.0, 200.0,
             "Static relative permittivity with the electronic part: that of fixed charges + n_D^2 - 1.", _RADONPY),
    Property("thermal_conductivity", "lambda", "W/(m K)", 0.01, 5.0,
             "Thermal conductivity.", _RADONPY,
             invariant=_LOG),
    Property("thermal_diffusivity", "a", "m2/s", 1e-9, 1e-5,
             "Thermal diffusivity lambda/(rho C_p).", _RADONPY,
             invariant=_LOG),
    Property("young_modulus", "E", "GPa", 1e-4, 100.0,
             "Young's modulus: stress per strain in small uniaxial deformation with free sides; from simulation a "
             "fraction of a nanosecond after the strain, which raises it.", "doi:10.1093/oso/9780198520597.001.0001",
             invariant=_LOG),
    Property("poisson_ratio", "nu", "1", -1.0, 0.5,
             "Poisson's ratio: minus the slope of lateral against axial strain in small uniaxial deformation.",
             "doi:10.1126/science.235.4792.1038"),
    Property("glass_transition_temperature", "T_g", "K", 100.0, 900.0,
             "Glass transition temperature; from simulation at its cooling rate, which raises it.",
             "doi:10.1007/978-0-387-69002-5"),
    Property("cohesive_energy_density", "CED", "MPa", 10.0, 3000.0,
             "Energy that separates the chains, by volume: isolated chains less the cell.",
             "doi:10.1201/9781315140575"),
    Property("solubility_parameter", "delta", "MPa^0.5", 3.0, 55.0,
             "Hildebrand solubility parameter, the root of the cohesive energy density.", "doi:10.1201/9781315140575"),
    Property("sodium_mobility", "u_Na", "m2/(V s)", 1e-18, 1e-5,
             "Electric mobility of Na+ in the polymer, drift velocity per field; from simulation by diffusion.",
             "doi:10.1021/jp8001614",
             invariant=_LOG),
    Property("chloride_mobility", "u_Cl", "m2/(V s)", 1e-18, 1e-5,
             "Electric mobility of Cl- in the polymer, drift velocity per field; from simulation by diffusion.",
             "doi:10.1021/jp8001614",
             invariant=_LOG),
    Property("fractional_free_volume", "FFV", "1", 0.0, 0.8,
             "Share of the volume outside the atoms' van der Waals spheres, for a point probe unless stated.",
             "doi:10.1021/j100785a001"),
    Property("formation_energy", "E_f", "eV/atom", -8.0, 8.0,
             "Energy of a compound less that of its elements in their stable forms, per atom.",
             "doi:10.1063/1.4812323", kinds=("composition", "crystal"), depends_on_state=False),
    Property("hull_distance", "E_hull", "eV/atom", -2.0, 8.0,
             "Energy above the convex hull of known phases, per atom; below 0 a new stable phase.",
             "doi:10.1063/1.4812323", kinds=("composition", "crystal"), depends_on_state=False),
    Property("volume_per_atom", "V/N", "angstrom3", 2.0, 500.0,
             "Volume of a crystal's cell by the number of its atoms.", "doi:10.1063/1.4812323",
             kinds=("composition", "crystal"), depends_on_state=False),
    Property("viscosity", "eta", "Pa s", 1e-5, 1e14,
             "Zero-shear viscosity of the melt.", "doi:10.1093/oso/9780198803195.001.0001",
             invariant=_LOG),
    Property("solvation_free_energy", "dG_solv,MD", "kJ/mol", -600.0, 150.0,
             "Free energy of solvation of the capped repeat unit in an explicit solvent.",
             "doi:10.1063/1.2978177"),
    Property("capped_molar_mass", "M_cap", "g/mol", 1.0, 5000.0,
             "Molar mass of the capped oligomer, or of the molecule.", _QMEX, depends_on_state=False),
    Property("electrons_per_atom", "N_e/N_a", "1", 1.0, 60.0,
             "Electrons of the capped oligomer, or of the molecule, by its atoms.", _QMEX, depends_on_state=False),
    Property("ionization_energy", "IE", "eV", 2.0, 25.0,
             "Vertical ionisation energy of the capped oligomer, or of the molecule.", _QMEX, depends_on_state=False),
    Property("electron_affinity", "EA", "eV", -15.0, 12.0,
             "Vertical electron affinity of the capped oligomer, or of the molecule.", _QMEX, depends_on_state=False),
    Property("capped_volume", "V_cap", "cm3/mol", 3.0, 5000.0,
             "Volume of the capped oligomer, or of the molecule: where the electron density exceeds 0.001 e/bohr3; of "
             "quick methods, inside the van der Waals spheres.", _QMEX, depends_on_state=False),
    Property("capped_polarizability", "alpha_cap", "angstrom3", 0.3, 2000.0,
             "Isotropic static polarizability volume of the capped oligomer, or of the molecule.", _QMEX,
             depends_on_state=False),
    Property("polarizability_density", "alpha/V", "1", 0.01, 1.0,
             "Static polarizability volume by volume of the capped oligomer, or of the molecule.", _QMEX,
             depends_on_state=False),
    Property("electronic_extent", "R2", "angstrom2", 0.1, 1e7,
             "Sum over the electrons of the squared distance to the centre of nuclear charge; of quick methods with "
             "each atom's electrons at its nucleus.", _QMEX, depends_on_state=False),
    Property("capped_free_energy", "G", "hartree", -1e5, 0.0,
             "Electronic and thermal free energy of the capped oligomer, or of the molecule, as an ideal gas.", _QMEX),
    Property("log_partition_function", "lg Q", "1", 3.0, 400.0,
             "Decimal logarithm of the partition function of one molecule of the ideal gas, from its lowest "
             "vibrational state.", _QMEX),
    Property("rotational_constant", "A", "GHz", 1e-4, 2000.0,
             "Largest rotational constant of the capped oligomer, or of the molecule.", _QMEX, depends_on_state=False),
    Property("lowest_charge", "q_min", "e", -3.0, 1.0,
             "Lowest atomic charge that represents the electrostatic potential.", _QMEX, depends_on_state=False),
    Property("highest_charge", "q_max", "e", -1.0, 4.0,
             "Highest atomic charge that represents the electrostatic potential.", _QMEX, depends_on_state=False),
    Property("lowest_bond_order", "B_min", "1", 0.0, 3.5,
             "Lowest Mayer bond order of all bonds.", _QMEX, depends_on_state=False),
    Property("highest_bond_order", "B_max", "1", 0.3, 4.0,
             "Highest Mayer bond order of all bonds.", _QMEX, depends_on_state=False),
    Property("solvation_energy_octanol", "dG_solv,o", "kJ/mol", -600.0, 150.0,
             "Free energy of solvation in 1-octanol of the capped repeat unit (implicit solvent).",
             "doi:10.1021/acs.jctc.1c00471"),
    Property("proton_affinity", "PA_w", "eV", 3.0, 20.0,
             "Energy that a bare proton gains at its best place, in implicit water, all other atoms at rest.", _QMEX),
    Property("deprotonation_energy", "DPE_w", "eV", 8.0, 25.0,
             "Energy that takes the loosest proton away as a bare one, in implicit water, all other atoms at rest.",
             _QMEX),
    Property("gel_conversion", "p_gel", "1", 0.0, 1.0,
             "Thermoset: conversion of reactive groups at which the network spans the sample.",
             "doi:10.1021/ja01856a061", kinds=_CHAINS),
    Property("cure_shrinkage", "s_cure", "1", -0.05, 0.4,
             "Thermoset: relative loss of volume from the unreacted mixture to the cured network.",
             "doi:10.1007/978-0-387-69002-5", kinds=_CHAINS),
    Property("crosslink_density", "nu_c", "mol/cm3", 0.0, 0.1,
             "Thermoset: elastically active network strands by volume.", "doi:10.1021/ja01856a061", kinds=_CHAINS),
    Property("monomer_conversion", "X", "1", -0.05, 1.0,
             "Polymerisation: share of all monomer that has reacted.", "doi:10.1351/goldbook.C01328",
             kinds=("process",), depends_on_state=False),
    Property("copolymer_fraction_1", "F1", "1", -0.05, 1.05,
             "Polymerisation: mole fraction of the first monomer in all copolymer that was made.",
             "doi:10.1021/ja01237a052", kinds=("process",), depends_on_state=False),
    Property("space_time_yield", "STY", "g/(L h)", 0.0, 1e6,
             "Polymerisation: mass of polymer by volume of the reactor and time.", "doi:10.1039/D2DD00144F",
             kinds=("process",), depends_on_state=False),
)  # fmt: skip

PROPERTIES: Registry[Property] = Registry("properties", "property", ours={row.name: row for row in _ROWS})


def added_properties() -> tuple[Property, ...]:
    """Return what users have added in this process; workers and stores are told of it."""
    return tuple(PROPERTIES.added.values())


def get_property(name: str) -> Property:
    """Return the row of a property: of the table, of an installed package, or one that was added.

    Raises
    ------
    InvalidInputError
        If there is no such property; the message names the nearest ones.
    """
    if name in PROPERTIES:
        return PROPERTIES[name]
    raise InvalidInputError(f"There is no property {name!r}.", hint=did_you_mean(name, PROPERTIES))


def add_property(
    name: str,
    *,
    unit: str,
    low: float,
    high: float,
    symbol: str = "",
    definition: str = "",
    reference: str = "",
    kinds: tuple[str, ...] = (),
    depends_on_state: bool = True,
) -> Property:
    """Add a property of one's own for this process, and return it; a later definition replaces an earlier one.

    Parameters
    ----------
    unit
        In words, e.g. `MJ/m3`; `1` for a pure number.
    low, high
        Plausible range in `unit`; a value outside is kept and shown, and no model learns from it.
    kinds
        Kinds of subjects that have it; any when left out.

    Raises
    ------
    InvalidInputError
        If the name is taken by a property of the table, or something of it is no name, unit or range.

    Examples
    --------
    >>> from polyloop.core import add_property
    >>> add_property("toughness", unit="MJ/m3", low=0.0, high=500.0).words
    'toughness'
    """
    row = Property(name, symbol or name, unit, low, high, definition, reference, tuple(kinds), depends_on_state)
    PROPERTIES.replace(name, row)
    return row
