"""Rate coefficients of monomers and initiators against temperature: the shipped table, and rows of one's own."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.core.constants import GAS_CONSTANT
from polyloop.core.names import did_you_mean

__all__ = ["GENERIC_TERMINATION", "Arrhenius", "Initiator", "Monomer", "find_initiator", "find_monomer", "monomers"]

# What a coefficient without a measurement is taken for: termination controlled by diffusion of short chains in a thin
# liquid, whose values lie between 1e7 and 1e9 L/(mol s) (Buback et al. (2002), doi:10.1002/macp.200290003).
_TERMINATION_A, _TERMINATION_EA, _TERMINATION_STD = 1e8, 5.0, 0.5


@dataclass(frozen=True)
class Arrhenius:
    """A coefficient A exp(-Ea / RT).

    Parameters
    ----------
    A
        In L/(mol s), or 1/s where one molecule decays.
    Ea
        In kJ/mol.
    log10_std
        Standard deviation of its decadic logarithm at the temperatures of use.
    reference
        Where it comes from.
    """

    A: float
    Ea: float
    log10_std: float
    reference: str = ""

    def __post_init__(self) -> None:
        if not (np.isfinite([self.A, self.Ea, self.log10_std]).all() and self.A > 0 and self.log10_std >= 0):
            raise InvalidInputError(
                f"A = {self.A:g}, Ea = {self.Ea:g} kJ/mol is no rate coefficient.", where="rate coefficients"
            )

    def at(self, temperature: float) -> float:
        """Return the coefficient at a temperature in K."""
        return float(self.A * np.exp(-self.Ea / (GAS_CONSTANT * temperature)))


GENERIC_TERMINATION = Arrhenius(
    _TERMINATION_A, _TERMINATION_EA, _TERMINATION_STD, "estimate: nothing measured is known"
)


@dataclass(frozen=True)
class Monomer:
    """A monomer with its coefficients.

    Parameters
    ----------
    termination
        Of k_t in the convention that radicals vanish at k_t [R]^2.
    combination
        Share of termination by combination.
    """

    name: str
    smiles: str
    propagation: Arrhenius
    termination: Arrhenius = GENERIC_TERMINATION
    combination: float = 0.5


@dataclass(frozen=True)
class Initiator:
    """An initiator that decays at first order into two radicals, of which the share `efficiency` starts chains."""

    name: str
    decay: Arrhenius
    efficiency: float

    def __post_init__(self) -> None:
        if not 0 < self.efficiency <= 1:
            raise InvalidInputError(
                f"{self.efficiency:g} is no efficiency.", where="initiator", hint="Above 0, up to 1."
            )


def _rows(file: str) -> list[dict[str, str]]:
    text = files("polyloop.process").joinpath("tables", file).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@lru_cache(maxsize=1)
def monomers() -> tuple[Monomer, ...]:
    """Return the shipped monomers."""
    found = []
    for row in _rows("propagation.csv"):
        known = row["kt_A"] != ""
        termination = (
            Arrhenius(float(row["kt_A"]), float(row["kt_Ea"]), float(row["kt_log10_std"]), row["kt_reference"])
            if known
            else GENERIC_TERMINATION
        )
        propagation = Arrhenius(float(row["A"]), float(row["Ea"]), float(row["log10_std"]), row["reference"])
        share = float(row["combination"] or 0.5)
        found.append(Monomer(row["name"], row["smiles"], propagation, termination, share))
    return tuple(found)


@lru_cache(maxsize=1)
def _by_smiles() -> dict[str, Monomer]:
    from polyloop.chem import Molecule

    return {Molecule(one.smiles).canonical: one for one in monomers()}


def find_monomer(text: str) -> Monomer:
    """Return the shipped monomer of a name or of a SMILES in any spelling.

    Raises
    ------
    InvalidInputError
        If its propagation is not in the table; the message says how to state it.
    """
    from polyloop.chem import Molecule

    names = {one.name: one for one in monomers()}
    if text.strip().lower() in names:
        return names[text.strip().lower()]
    try:
        canonical = Molecule(text).canonical
    except InvalidInputError as error:
        raise InvalidInputError(
            f"{text!r} is neither a monomer of the table nor a SMILES.", where="monomers",
            hint=did_you_mean(text, tuple(names)),
        ) from error  # fmt: skip
    found = _by_smiles().get(canonical)
    if found is None:
        raise InvalidInputError(
            f"The rate of propagation of {text} is not in the table.", where="monomers",
            hint="State it: propagation_factor in L/(mol s) and propagation_energy in kJ/mol.",
        )  # fmt: skip
    return found


@lru_cache(maxsize=1)
def _initiators() -> dict[str, Initiator]:
    return {
        row["name"]: Initiator(
            row["name"],
            Arrhenius(float(row["A"]), float(row["Ea"]), float(row["log10_std"]), row["reference"]),
            float(row["efficiency"]),
        )
        for row in _rows("initiators.csv")
    }


def find_initiator(name: str) -> Initiator:
    """Return a shipped initiator by its name.

    Raises
    ------
    InvalidInputError
        If there is none; the message names the nearest.
    """
    known = _initiators()
    found = known.get(name.strip().upper())
    if found is None:
        raise InvalidInputError(
            f"There is no initiator {name!r} in the table.", where="initiator",
            hint=f"{did_you_mean(name, tuple(known))} Or state decay_factor in 1/s and decay_energy in kJ/mol.",
        )  # fmt: skip
    return found
