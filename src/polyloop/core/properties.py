"""The one table of properties: name, symbol, unit, plausible range, definition, reference."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from math import isfinite

from polyloop.core.errors import InvalidInputError

__all__ = ["PROPERTIES", "Property", "get_property"]


@dataclass(frozen=True)
class Property:
    """One row of the property table.

    `low` and `high` bound the plausible range in `unit`; a value outside is `unphysical`: kept and shown,
    never fed to a model.
    """

    name: str
    symbol: str
    unit: str
    low: float
    high: float
    definition: str
    reference: str

    def is_plausible(self, value: float) -> bool:
        """Tell whether `value` (in `unit`) is finite and inside the plausible range."""
        return isfinite(value) and self.low <= value <= self.high


_LORENTZ_LORENZ = "doi:10.1002/andp.18802450406 (Lorentz 1880); doi:10.1002/andp.18802470905 (Lorenz 1880)"
_ROWS = (
    Property("refractive_index", "n_D", "1", 1.2, 2.6,
             "Refractive index of the amorphous solid at the sodium D line (589.29 nm), 298 K.", _LORENTZ_LORENZ),
    Property("refractive_index_F", "n_F", "1", 1.2, 2.8,
             "Refractive index of the amorphous solid at the hydrogen F line (486.13 nm), 298 K.", _LORENTZ_LORENZ),
    Property("refractive_index_C", "n_C", "1", 1.2, 2.6,
             "Refractive index of the amorphous solid at the hydrogen C line (656.27 nm), 298 K.", _LORENTZ_LORENZ),
    Property("abbe_number", "V_D", "1", 2.0, 150.0,
             "Abbe number (n_D - 1) / (n_F - n_C).", "Born & Wolf, Principles of Optics, 7th ed., section 4.7"),
    Property("density", "rho", "g/cm3", 0.5, 4.5,
             "Mass density of the amorphous solid at 298 K and 1 atm.", "doi:10.1007/978-0-387-69002-5"),
    Property("static_polarizability", "alpha_0", "angstrom3", 0.5, 500.0,
             "Isotropic static electronic polarizability volume of one repeat unit.", "doi:10.1063/1.438600"),
    Property("polarizability_D", "alpha_D", "angstrom3", 0.5, 600.0,
             "Isotropic electronic polarizability volume of one repeat unit at 589.29 nm.", "doi:10.1063/1.438600"),
    Property("molar_refraction", "R_D", "cm3/mol", 1.0, 1500.0,
             "Molar refraction of one repeat unit at 589.29 nm, (4 pi / 3) N_A alpha_D.", _LORENTZ_LORENZ),
    Property("homo", "E_HOMO", "eV", -25.0, 0.0,
             "Energy of the highest occupied molecular orbital of the capped oligomer.", "doi:10.1063/5.0006074"),
    Property("lumo", "E_LUMO", "eV", -10.0, 10.0,
             "Energy of the lowest unoccupied molecular orbital of the capped oligomer.", "doi:10.1063/5.0006074"),
    Property("homo_lumo_gap", "E_gap", "eV", 0.0, 30.0,
             "Difference of LUMO and HOMO energies of the capped oligomer.", "doi:10.1063/5.0006074"),
    Property("dipole_moment", "mu", "debye", 0.0, 60.0,
             "Electric dipole moment of the capped repeat unit.", "doi:10.1063/5.0006074"),
    Property("solvation_energy", "dG_solv", "kJ/mol", -600.0, 150.0,
             "Free energy of solvation in water of the capped repeat unit (implicit solvent).",
             "doi:10.1021/acs.jctc.1c00471"),
    Property("van_der_waals_volume", "V_vdW", "cm3/mol", 5.0, 3000.0,
             "Van der Waals volume of one repeat unit.", "doi:10.1021/j100785a001"),
    Property("glass_transition_temperature", "T_g", "K", 100.0, 900.0,
             "Glass transition temperature.", "doi:10.1007/978-0-387-69002-5"),
    Property("heat_capacity_cp", "C_p", "J/(kg K)", 500.0, 8000.0,
             "Isobaric specific heat capacity at 300 K.", "doi:10.1038/s41524-022-00906-4"),
    Property("thermal_conductivity", "lambda", "W/(m K)", 0.01, 5.0,
             "Thermal conductivity at 300 K.", "doi:10.1038/s41524-022-00906-4"),
    Property("bulk_modulus", "K", "GPa", 0.1, 50.0,
             "Isothermal bulk modulus at 300 K.", "doi:10.1038/s41524-022-00906-4"),
    Property("linear_expansion", "alpha_L", "1/K", -1e-4, 2e-3,
             "Linear thermal expansion coefficient at 300 K.", "doi:10.1038/s41524-022-00906-4"),
)  # fmt: skip

PROPERTIES: dict[str, Property] = {row.name: row for row in _ROWS}


def get_property(name: str) -> Property:
    """Return the table's row for `name`.

    Raises
    ------
    InvalidInputError
        If the table has no such property; the message names the nearest ones.
    """
    if name in PROPERTIES:
        return PROPERTIES[name]
    near = difflib.get_close_matches(name, PROPERTIES, n=3, cutoff=0.4)
    mend = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(PROPERTIES)}."
    raise InvalidInputError(f"There is no property {name!r}.", mend=mend)
