"""The one table of units that people's tables may be in: exact factors, and offsets for temperatures."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from polyloop.core.constants import ATMOSPHERE_IN_PASCAL, BOHR, CALORIE, DEBYE_PER_ATOMIC_UNIT, FARADAY, HARTREE
from polyloop.core.errors import InvalidInputError

__all__ = ["Unit", "convert", "convert_std", "find_unit", "related_units"]


@dataclass(frozen=True)
class Unit:
    """A unit: `value * factor + offset` is in the base unit of its dimension; `names` are its spellings."""

    names: tuple[str, ...]
    dimension: str
    factor: float
    offset: float = 0.0

    @property
    def name(self) -> str:
        """Its usual spelling."""
        return self.names[0]


# Per dimension: spellings separated by "|", factor to the base unit, and an offset for temperatures. Those come first
# that people use most: of several units that would explain a column of implausible values, the first is named.
_TABLE: dict[str, tuple[tuple[str, float] | tuple[str, float, float], ...]] = {
    "number": (("1|-|dimensionless|unitless|none", 1.0), ("%|percent", 0.01)),
    "temperature": (
        ("K|kelvin", 1.0),
        ("degC|°C|C|deg C|celsius|degrees C", 1.0, 273.15),
        ("degF|°F|F|deg F|fahrenheit", 5.0 / 9.0, 459.67 * 5.0 / 9.0),
    ),
    "pressure": (
        ("GPa|kN/mm2", 1e9), ("MPa|N/mm2|J/cm3", 1e6), ("Pa|N/m2|J/m3", 1.0), ("kPa", 1e3), ("bar", 1e5),
        ("atm", ATMOSPHERE_IN_PASCAL), ("psi", 6894.757293168361), ("ksi", 6894757.293168361), ("dyn/cm2", 0.1),
        ("mbar|hPa", 100.0),
        ("torr|mmHg", ATMOSPHERE_IN_PASCAL / 760.0), ("cal/cm3", 1e6 * CALORIE),
    ),
    "compressibility": (
        ("1/GPa|GPa-1", 1e-9), ("1/MPa|MPa-1", 1e-6), ("1/Pa|Pa-1", 1.0), ("1/bar|bar-1", 1e-5),
        ("1/atm", 1.0 / ATMOSPHERE_IN_PASCAL),
    ),
    "root of pressure": (
        ("MPa^0.5|MPa^1/2|MPa^(1/2)|(J/cm3)^0.5|(J/cm3)^1/2", 1e3), ("Pa^0.5|(J/m3)^0.5", 1.0),
        ("(cal/cm3)^0.5|(cal/cm3)^1/2|hildebrand", 1e3 * CALORIE**0.5),
    ),
    "density": (
        ("g/cm3|g/cc|g/ml|kg/l|g cm-3|kg/dm3|Mg/m3", 1000.0), ("kg/m3|g/l|kg m-3", 1.0), ("mg/cm3|mg/ml", 1.0),
    ),
    "energy": (
        ("eV", 1.0), ("kJ/mol|kJ mol-1", 1.0 / FARADAY), ("kcal/mol|kcal mol-1", CALORIE / FARADAY),
        ("hartree|Ha|Eh|a.u.", HARTREE), ("J/mol", 1e-3 / FARADAY), ("meV", 1e-3),
    ),
    "energy per atom": (("eV/atom", 1.0), ("meV/atom", 1e-3), ("kJ/(mol atom)|kJ/mol/atom", 1.0 / FARADAY)),
    "specific heat": (
        ("J/(kg K)|J/kg/K|J/kg K|J kg-1 K-1", 1.0), ("J/(g K)|J/g/K|J g-1 K-1|kJ/(kg K)|kJ/kg/K|J/(g degC)", 1000.0),
        ("cal/(g K)|cal/g/K|cal/(g degC)|kcal/(kg K)", 1000.0 * CALORIE),
    ),
    "per kelvin": (("1/K|K-1|1/degC|1/°C", 1.0), ("ppm/K|1e-6/K|um/(m K)", 1e-6), ("1e-4/K", 1e-4), ("1e-5/K", 1e-5)),
    "length": (("angstrom|Å|ang", 1.0), ("nm", 10.0), ("pm", 0.01), ("m", 1e10), ("bohr", BOHR)),
    "polarizability": (("angstrom3|Å3", 1.0), ("bohr3|a.u.", BOHR**3), ("nm3", 1000.0), ("cm3", 1e24)),
    "molar volume": (("cm3/mol|ml/mol", 1.0), ("m3/mol", 1e6), ("l/mol|dm3/mol", 1000.0)),
    "diffusion": (
        ("m2/s", 1.0), ("cm2/s", 1e-4), ("mm2/s", 1e-6), ("angstrom2/ps|Å2/ps", 1e-8), ("nm2/ns", 1e-9),
    ),
    "mobility": (("m2/(V s)|m2/V/s|m2/Vs", 1.0), ("cm2/(V s)|cm2/V/s|cm2/Vs", 1e-4)),
    "thermal conductivity": (
        ("W/(m K)|W/m/K|W/mK|W m-1 K-1|W/(m degC)", 1.0), ("mW/(m K)|mW/m/K|mW/mK", 1e-3), ("W/(cm K)|W/cm/K", 100.0),
        ("cal/(cm s K)|cal/cm/s/K", 100.0 * CALORIE),
    ),
    "viscosity": (("Pa s|Pa.s|N s/m2", 1.0), ("mPa s|mPa.s|cP", 1e-3), ("P|poise", 0.1)),
    "dipole": (("debye|D", 1.0), ("C m", 1.0 / 3.33564095e-30), ("e angstrom|e Å", 4.803204712570263),
               ("a.u.|e a0", DEBYE_PER_ATOMIC_UNIT)),
    "frequency": (("Hz|1/s|s-1", 1.0), ("kHz", 1e3), ("MHz", 1e6), ("GHz", 1e9), ("THz", 1e12)),
    "concentration": (("mol/cm3|mol/ml", 1.0), ("mol/l|mol/dm3|M|mmol/cm3", 1e-3), ("mol/m3", 1e-6)),
}  # fmt: skip


def _plain(spelling: str) -> str:
    """Return a spelling without what differs from hand to hand: superscripts, carets, dots, spaces round a slash."""
    text = unicodedata.normalize("NFKC", spelling.replace("−", "-").replace("·", " ").replace("*", " "))
    text = text.replace("^", "").replace("−", "-").replace("℃", "°C")
    return " ".join(text.replace(" /", "/").replace("/ ", "/").split())


_UNITS = tuple(
    Unit(tuple(row[0].split("|")), dimension, row[1], row[2] if len(row) > 2 else 0.0)
    for dimension, rows in _TABLE.items()
    for row in rows
)


def find_unit(spelling: str, like: str) -> Unit:
    """Return the unit that `spelling` names, of the dimension of the unit `like`.

    Raises
    ------
    InvalidInputError
        If there is no such unit of that dimension; the message names those that there are.
    """
    valid = related_units(like)
    wanted = _plain(spelling)
    found = [unit for unit in valid if wanted in map(_plain, unit.names)]
    if not found:
        # Only then in any case: MPa is no mPa.
        found = [unit for unit in valid if wanted.lower() in (_plain(name).lower() for name in unit.names)]
    if len(found) == 1:
        return found[0]
    raise InvalidInputError(
        f"{spelling!r} is no unit that can be converted to {like}.",
        hint=f"Known: {', '.join(unit.name for unit in valid)}.",
    )


def related_units(like: str) -> tuple[Unit, ...]:
    """Return the units of the dimension of `like` (a unit of the property table, or K or atm), `like` among them."""
    dimension = next((unit.dimension for unit in _UNITS if like in unit.names), None)
    if dimension is None:
        return (Unit((like,), like, 1.0),)
    return tuple(unit for unit in _UNITS if unit.dimension == dimension)


def convert(value: float, unit: Unit, to: Unit) -> float:
    """Return a value in the unit `to`; what is in that unit already comes back unchanged, to the last bit."""
    if unit == to:
        return value
    return (value * unit.factor + (unit.offset - to.offset)) / to.factor


def convert_std(std: float, unit: Unit, to: Unit) -> float:
    """Return a standard deviation in the unit `to`: a difference, which no offset shifts."""
    return std if unit == to else std * unit.factor / to.factor
