"""Basis sets by element: which set and which effective core potential, and what stands in where a set has gaps."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from polyloop.core.errors import EvaluationError, FailureCode

__all__ = ["BASIS_RECIPES", "BasisRecipe", "auxiliary_basis_by_element", "basis_by_element"]

# Krypton: the def2 sets use effective core potentials beyond it.
_LAST_ALL_ELECTRON = 36
_SODIUM = 11
Shells = list[list[Any]]


@dataclass(frozen=True)
class BasisRecipe:
    """How to put a basis set together from PySCF's library.

    Parameters
    ----------
    heavy, hydrogen
        Library names of the sets for all elements but H, and for H.
    drop_hydrogen
        Angular momenta left out on H.
    drop_compact_hydrogen
        Angular momenta of which the most compact shell is left out on H.
    fallback
        Recipe for elements that the set does not cover.
    """

    heavy: str
    hydrogen: str
    drop_hydrogen: str = ""
    drop_compact_hydrogen: str = ""
    fallback: str | None = None


def _plain(name: str, fallback: str | None = None) -> BasisRecipe:
    return BasisRecipe(name, name, fallback=fallback)


BASIS_RECIPES: dict[str, BasisRecipe] = {
    "def2-svp": _plain("def2-svp"),
    "def2-svpd": _plain("def2-svpd"),
    # Hydrogen keeps only its diffuse p shell: polarizabilities within 1 to 2 % of def2-SVPD at 60 % of the cost.
    "def2-svpd-lean": BasisRecipe("def2-svpd", "def2-svpd", drop_compact_hydrogen="p"),
    "def2-svpd-bare": BasisRecipe("def2-svpd", "def2-svp", drop_hydrogen="p"),
    "def2-tzvpd": _plain("def2-tzvpd"),
    "def2-tzvppd": _plain("def2-tzvppd"),
    "6-31g(d)": _plain("6-31g(d)", "def2-svp"),
    "6-31+g(d)": _plain("6-31+g(d)", "def2-svpd"),
    "6-311+g(2d,p)": _plain("6-311+g(2d,p)", "def2-tzvpd"),
    "aug-cc-pvdz": _plain("aug-cc-pvdz", "def2-svpd"),
}
_ANGULAR_MOMENTUM = {"s": 0, "p": 1, "d": 2, "f": 3}


@lru_cache(maxsize=512)
def _library_shells(name: str, element: str) -> tuple[Any, ...] | None:
    from pyscf.gto.basis import load
    from pyscf.lib.exceptions import BasisNotFoundError

    try:
        with warnings.catch_warnings():
            # PySCF advises to install another library of sets; our fallbacks answer for the gaps.
            warnings.simplefilter("ignore", UserWarning)
            return tuple(load(name, element))
    except (BasisNotFoundError, KeyError):
        return None


def _without_most_compact(shells: Shells, letters: str) -> Shells:
    kept = list(shells)
    for letter in letters:
        candidates = [s for s in kept if s[0] == _ANGULAR_MOMENTUM[letter]]
        kept.remove(max(candidates, key=lambda shell: shell[1][0]))
    return kept


def _shells(recipe: BasisRecipe, element: str) -> Shells | None:
    library = _library_shells(recipe.hydrogen if element == "H" else recipe.heavy, element)
    if library is None:
        return None
    shells = [list(shell) for shell in library]
    if element != "H":
        return shells
    dropped = {_ANGULAR_MOMENTUM[letter] for letter in recipe.drop_hydrogen}
    return _without_most_compact([s for s in shells if s[0] not in dropped], recipe.drop_compact_hydrogen)


def basis_by_element(symbols: Iterable[str], name: str) -> tuple[dict[str, Shells], dict[str, str]]:
    """Return the shells and the effective core potential of each element, as `pyscf.gto.M` takes them.

    Raises
    ------
    EvaluationError
        With code `element`, if neither the set nor its fallback covers an element.
    """
    from pyscf.data.elements import charge

    recipe = BASIS_RECIPES[name]
    basis: dict[str, Shells] = {}
    potentials: dict[str, str] = {}
    for element in sorted(set(symbols)):
        shells = _shells(recipe, element)
        source = recipe.heavy
        if shells is None and recipe.fallback is not None:
            source = BASIS_RECIPES[recipe.fallback].heavy
            shells = _shells(BASIS_RECIPES[recipe.fallback], element)
        if shells is None:
            raise EvaluationError(
                FailureCode.ELEMENT,
                "basis set",
                f"The basis {name!r} has no functions for {element}.",
                hint="The def2 sets cover H to Rn; choose a level built on one of them.",
            )
        basis[element] = shells
        if charge(element) > _LAST_ALL_ELECTRON:
            potentials[element] = source if source.startswith("def2") else "def2-svp"
    return basis, potentials


def auxiliary_basis_by_element(symbols: Iterable[str], name: str) -> dict[str, Any]:
    """Return the density-fitting shells of each element.

    The name `def2-mixed-fit` takes the small Coulomb-fitting set for H to F and the exchange-fitting set for the rest:
    two thirds of the functions, polarizabilities within 0.1 % of those of `def2-universal-jkfit`.

    Raises
    ------
    EvaluationError
        With code `element`, if the set does not cover an element.
    """
    from pyscf.data.elements import charge

    auxiliary: dict[str, Any] = {}
    for element in sorted(set(symbols)):
        source = name
        if name == "def2-mixed-fit":
            source = "def2-universal-jfit" if charge(element) < _SODIUM else "def2-universal-jkfit"
        shells = _library_shells(source, element)
        if shells is None:
            raise EvaluationError(
                FailureCode.ELEMENT, "basis set", f"The fitting basis {name!r} has no functions for {element}."
            )
        auxiliary[element] = list(shells)
    return auxiliary
