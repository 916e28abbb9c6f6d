"""What is known of each element as numbers: the table behind the descriptors of compositions and their networks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core.optional import require

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ELEMENT_COUNT", "ElementFeatures", "element_features", "valence_electrons"]

ELEMENT_COUNT = 103
"""Hydrogen to lawrencium; of the elements beyond, too little is known."""

# Name in the table of `mendeleev`, name here, unit.
_TAKEN = (
    ("atomic_number", "atomic_number", "1"),
    ("atomic_weight", "atomic_mass", "g/mol"),
    ("period", "period", "1"),
    ("mendeleev_number", "mendeleev_number", "1"),
    ("pettifor_number", "pettifor_number", "1"),
    ("glawe_number", "glawe_number", "1"),
    ("atomic_radius", "atomic_radius", "pm"),
    ("atomic_radius_rahm", "atomic_radius_rahm", "pm"),
    ("covalent_radius_cordero", "covalent_radius_cordero", "pm"),
    ("covalent_radius_pyykko", "covalent_radius_pyykko", "pm"),
    ("covalent_radius_pyykko_double", "covalent_radius_pyykko_double", "pm"),
    ("covalent_radius_pyykko_triple", "covalent_radius_pyykko_triple", "pm"),
    ("metallic_radius_c12", "metallic_radius", "pm"),
    ("vdw_radius", "van_der_waals_radius", "pm"),
    ("vdw_radius_alvarez", "van_der_waals_radius_alvarez", "pm"),
    ("vdw_radius_mm3", "van_der_waals_radius_mm3", "pm"),
    ("vdw_radius_uff", "van_der_waals_radius_uff", "pm"),
    ("en_pauling", "electronegativity_pauling", "1"),
    ("en_allen", "electronegativity_allen", "eV"),
    ("en_ghosh", "electronegativity_ghosh", "1"),
    ("en_gunnarsson_lundqvist", "electronegativity_gunnarsson_lundqvist", "eV"),
    ("en_robles_bartolotti", "electronegativity_robles_bartolotti", "eV"),
    ("en_miedema", "electronegativity_miedema", "V"),
    ("miedema_electron_density", "electron_density_miedema", "1"),
    ("miedema_molar_volume", "molar_volume_miedema", "cm3/mol"),
    ("electron_affinity", "electron_affinity", "eV"),
    ("dipole_polarizability", "dipole_polarizability", "bohr3"),
    ("c6_gb", "dispersion_coefficient", "hartree bohr6"),
    ("density", "density", "g/cm3"),
    ("lattice_constant", "lattice_constant", "A"),
    ("evaporation_heat", "evaporation_heat", "kJ/mol"),
    ("fusion_heat", "fusion_heat", "kJ/mol"),
    ("heat_of_formation", "heat_of_formation", "kJ/mol"),
    ("specific_heat_capacity", "specific_heat_capacity", "J/(g K)"),
    ("molar_heat_capacity", "molar_heat_capacity", "J/(mol K)"),
    ("thermal_conductivity", "thermal_conductivity", "W/(m K)"),
)
# Spans orders of magnitude, so that a mean of the values would be that of the largest.
_LOGARITHMS = frozenset({"thermal_conductivity", "dispersion_coefficient", "density"})
_SHELLS = {"s": 2, "p": 6, "d": 10, "f": 14}


@dataclass(frozen=True, eq=False)
class ElementFeatures:
    """Numbers of the first 103 elements.

    Parameters
    ----------
    names, units
        Of the columns, length d. Names that end in `_log` hold the natural logarithm of the number in that unit.
    values
        Shape (103, d), hydrogen first; what is not known is filled from neighbours in the periodic table.
    known
        Shape (103, d), False where a value was filled in.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: NDArray[np.float64]
    known: NDArray[np.bool_]

    @property
    def standardised(self) -> NDArray[np.float64]:
        """The values with mean 0 and deviation 1 in each column, shape (103, d)."""
        centred: NDArray[np.float64] = (self.values - self.values.mean(axis=0)) / self.values.std(axis=0)
        return centred


@lru_cache(maxsize=1)
def element_features() -> ElementFeatures:
    """Return the table: 36 numbers of `mendeleev`, the first ionisation energy, and 10 of the shells.

    A number that is not known of an element is the mean of those of its neighbours in the periodic table, weighted by
    their nearness. Of lawrencium down to uranium much is filled in; of hydrogen to lead little.

    Raises
    ------
    MissingDependencyError
        If the extra `crystal` is not installed.

    References
    ----------
    Mentel (2014), mendeleev, a Python package with properties of chemical elements,
    https://github.com/lmmentel/mendeleev; the sources of each column are named there.
    """
    fetch = require("mendeleev.fetch", extra="crystal")
    table: pd.DataFrame = fetch.fetch_table("elements").sort_values("atomic_number").iloc[:ELEMENT_COUNT]
    columns = {name: (table[given].to_numpy(float), unit) for given, name, unit in _TAKEN}
    energies = fetch.fetch_table("ionizationenergies")
    first = energies[energies.ion_charge == 0].set_index("atomic_number").ionization_energy
    columns["ionisation_energy"] = (first.reindex(table.atomic_number).to_numpy(float), "eV")
    shells = np.array([valence_electrons(text) for text in table.electronic_configuration], dtype=float)
    for place, (shell, room) in enumerate(_SHELLS.items()):
        count = shells[:, place]
        columns[f"valence_{shell}"] = (count, "1")
        # An empty shell is none that waits to be filled.
        columns[f"unfilled_{shell}"] = (np.where(count > 0, room - count, 0.0), "1")
    columns["valence_electrons"] = (shells.sum(axis=1), "1")
    columns["unfilled_electrons"] = (sum(columns[f"unfilled_{shell}"][0] for shell in _SHELLS), "1")
    for name in _LOGARITHMS:
        values, unit = columns.pop(name)
        columns[f"{name}_log"] = (np.log(values), unit)
    values = np.column_stack([values for values, _ in columns.values()])
    known = np.isfinite(values)
    filled = np.column_stack([_filled(column, table) for column in values.T])
    units = tuple(unit for _, unit in columns.values())
    return ElementFeatures(tuple(columns), units, filled, known)


def valence_electrons(configuration: str) -> tuple[int, int, int, int]:
    """Return the electrons outside the noble gas in s, p, d and f shells.

    Parameters
    ----------
    configuration
        Such as `[Ar] 3d6 4s2`.

    Notes
    -----
    A closed d or f shell below a p shell that fills is core, as in gallium and lead.

    Examples
    --------
    >>> valence_electrons("[Ar] 3d6 4s2"), valence_electrons("[Ar] 3d10 4s2 4p1")
    ((2, 0, 6, 0), (2, 1, 0, 0))
    """
    counts = dict.fromkeys(_SHELLS, 0)
    for word in configuration.split():
        if not word.startswith("["):
            level = word.lstrip("0123456789")
            counts[level[0]] += int(level[1:] or 1)
    for inner in ("d", "f"):
        outer_has = counts["p"] or (inner == "f" and counts["d"])
        if counts[inner] == _SHELLS[inner] and outer_has:
            counts[inner] = 0
    return counts["s"], counts["p"], counts["d"], counts["f"]


def _filled(column: NDArray[np.float64], table: Any) -> NDArray[np.float64]:
    """Return a column without gaps: each is the mean of its neighbours in group and period, weighted by nearness."""
    group = table.group_id.to_numpy(float)
    # The f block stands between groups 3 and 4.
    numbers, period = table.atomic_number.to_numpy(float), table.period.to_numpy(float)
    within = np.select([(numbers >= 57) & (numbers <= 71), numbers >= 89], [numbers - 57, numbers - 89], 0.0)
    place = np.where(np.isfinite(group), group, 3.0) + within / 14.0
    known = np.isfinite(column)
    filled = column.copy()
    for gap in np.flatnonzero(~known):
        near = np.exp(-np.abs(place[known] - place[gap]) * 2.0 - np.abs(period[known] - period[gap]))
        filled[gap] = near @ column[known] / near.sum()
    return filled
