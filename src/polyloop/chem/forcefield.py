"""GAFF2_mod typing: atom types and bonded parameters, by the rules and tables of the radonpy package."""

from __future__ import annotations

import contextlib
import io
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from rdkit import Chem
from rdkit.Chem import rdPartialCharges

from polyloop.core.errors import EvaluationError, FailureCode

__all__ = ["AngleParameters", "BondParameters", "Gaff2Mod", "gaff2_mod", "gasteiger_charges"]

_STAGE = "force-field typing"


@dataclass(frozen=True)
class BondParameters:
    """Harmonic bond: force constant in kcal/(mol angstrom2), length in angstrom."""

    k: float
    r0: float


@dataclass(frozen=True)
class AngleParameters:
    """Harmonic angle: force constant in kcal/(mol rad2), angle in degrees."""

    k: float
    theta0: float


class Gaff2Mod:
    """GAFF2_mod parameters, looked up once per combination of atom types.

    The package assigns a whole molecule and scans all earlier terms for each new one, which is quadratic. Here the
    package types the atoms, which is linear, and is asked for each combination of types only once, on a fragment
    of two, three or four atoms that carries these types; so its rules for alternate types and its empirical
    angles are the ones that apply. References: GAFF, doi:10.1002/jcc.20035; RadonPy, doi:10.1038/s41524-022-00906-4.
    """

    def __init__(self) -> None:
        with warnings.catch_warnings():
            # The package's sources hold invalid escapes, which Python reports when it compiles them.
            warnings.simplefilter("ignore")
            from radonpy.ff.gaff2_mod import GAFF2_mod
        self._package = GAFF2_mod()
        self._bonds: dict[tuple[str, ...], BondParameters] = {}
        self._angles: dict[tuple[str, ...], AngleParameters] = {}
        self._dihedrals: dict[tuple[str, ...], float] = {}

    @property
    def tables(self) -> Any:
        """The package's parameter tables: mappings `pt`, `bt`, `at`, `dt` from type names to parameters."""
        return self._package.param

    def type_atoms(self, mol: Chem.Mol) -> list[str]:
        """Return the type of each atom of `mol`, which has explicit hydrogens and MDL aromaticity.

        The atoms get the properties `ff_type`, `ff_epsilon` (kcal/mol) and `ff_sigma` (angstrom).

        Raises
        ------
        EvaluationError
            If the force field has no type for an atom.
        """
        with _listening() as said:
            typed = _answer(self._package.assign_ptypes, mol)
        if not typed:
            raise _untyped("an atom", said)
        return [atom.GetProp("ff_type") for atom in mol.GetAtoms()]

    def bond(self, types: tuple[str, str], symbols: tuple[str, str]) -> BondParameters:
        """Return the parameters of the bond between two atoms of these types and elements.

        Raises
        ------
        EvaluationError
            If the tables have none.
        """
        if types not in self._bonds:
            fragment = _fragment(types, symbols)
            with _listening() as said:
                found = _answer(self._package.assign_btypes, fragment)
            if not found:
                raise _untyped(f"the bond {'-'.join(types)}", said)
            bond = fragment.GetBondWithIdx(0)
            self._bonds[types] = BondParameters(bond.GetDoubleProp("ff_k"), bond.GetDoubleProp("ff_r0"))
        return self._bonds[types]

    def angle(self, types: tuple[str, str, str], symbols: tuple[str, str, str]) -> AngleParameters:
        """Return the parameters of the angle of three atoms of these types and elements, the second at the vertex.

        Raises
        ------
        EvaluationError
            If the tables have none and the empirical rule does not apply.
        """
        if types not in self._angles:
            fragment = _fragment(types, symbols)
            with _listening() as said:
                found = _answer(self._package.assign_atypes, fragment)
            if not found:
                raise _untyped(f"the angle {'-'.join(types)}", said)
            parameters = fragment.angles[0].ff
            self._angles[types] = AngleParameters(float(parameters.k), float(parameters.theta0))
        return self._angles[types]

    def dihedral_barrier(self, types: tuple[str, str, str, str], symbols: tuple[str, str, str, str]) -> float:
        """Return the largest Fourier coefficient, in kcal/mol, of the dihedral of four atoms of these types.

        Raises
        ------
        EvaluationError
            If the tables have none.
        """
        if types not in self._dihedrals:
            fragment = _fragment(types, symbols)
            with _listening() as said:
                found = _answer(self._package.assign_dtypes, fragment)
            if not found:
                raise _untyped(f"the dihedral {'-'.join(types)}", said)
            self._dihedrals[types] = float(max(fragment.dihedrals[0].ff.k))
        return self._dihedrals[types]


@cache
def gaff2_mod() -> Gaff2Mod:
    """Return the one instance of this process; the first call loads the package, which takes a second or two."""
    return Gaff2Mod()


def gasteiger_charges(mol: Chem.Mol) -> list[float]:
    """Return the Gasteiger charge of each atom in e.

    Raises
    ------
    EvaluationError
        If an element has no Gasteiger parameters.
    """
    rdPartialCharges.ComputeGasteigerCharges(mol)
    charges = [atom.GetDoubleProp("_GasteigerCharge") for atom in mol.GetAtoms()]
    if not all(map(math.isfinite, charges)):
        # One unknown element spoils the charges of all atoms around it.
        elements = ", ".join(sorted({atom.GetSymbol() for atom in mol.GetAtoms()}))
        reason = f"There are no Gasteiger charges for this combination of elements: {elements}."
        raise EvaluationError(FailureCode.ELEMENT, _STAGE, reason)
    return charges


def _fragment(types: tuple[str, ...], symbols: tuple[str, ...]) -> Chem.Mol:
    fragment = Chem.RWMol()
    for name, symbol in zip(types, symbols, strict=True):
        fragment.GetAtomWithIdx(fragment.AddAtom(Chem.Atom(symbol))).SetProp("ff_type", name)
    for index in range(len(types) - 1):
        fragment.AddBond(index, index + 1, Chem.BondType.SINGLE)
    return fragment.GetMol()


@contextlib.contextmanager
def _listening() -> Iterator[io.StringIO]:
    """Catch what the package prints: its warnings are the only reason that it gives."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        yield said


def _answer(assign: Callable[[Chem.Mol], bool], mol: Chem.Mol) -> bool:
    try:
        return bool(assign(mol))
    except KeyError:
        # The package looks up an atom type that the parameter table lacks.
        return False


def _untyped(what: str, said: io.StringIO) -> EvaluationError:
    lines = [line.partition(":")[2].strip() for line in said.getvalue().splitlines() if "warning" in line]
    detail = f" ({lines[0]})" if lines else ""
    return EvaluationError(FailureCode.ELEMENT, _STAGE, f"GAFF2_mod has no parameters for {what}{detail}.")
