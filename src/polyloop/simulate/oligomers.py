"""Which oligomers stand for a repeat unit: where to cut the chain, and which difference cancels the end groups."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from rdkit import Chem

from polyloop.chem import Polymer
from polyloop.core import EvaluationError, FailureCode

__all__ = ["Difference", "choose_difference", "reframe"]

# A methyl cap on either side of a cut X-Y turns it into X-C and C-Y, and the cap-cap molecule takes away C-C. In bond
# additivity that is X-Y again when X or Y is itself a saturated carbon; otherwise a junction is missing.
LARGEST_PAIR = 22  # heavy atoms of the longer oligomer, up to which the junction is computed where the caps distort it
SHORTEST = 4  # heavy atoms of a segment: a smaller one (CH2, CF2) is repeated, or its neighbours would be caps only

_SOUND = (0.075, 0.0029)  # angstrom3, root mean square over 13 units
_UNSOUND_STEP = (0.09, 0.30)  # relative, root mean square over 4 units


@dataclass(frozen=True)
class Difference:
    """Two oligomers whose difference is a whole number of repeat units.

    Parameters
    ----------
    larger, smaller
        Molecules without hydrogens.
    n_larger, n_smaller
        Their numbers of repeat units; 0 is cap-cap, ethane.
    junction
        `sound`: the caps replace the junction between units without loss in bond additivity; `included`: they do not,
        and the difference of two oligomers holds it; `missing`: they do not, and the unit is too large for two.
    """

    larger: Chem.Mol
    smaller: Chem.Mol
    n_larger: int
    n_smaller: int
    junction: Literal["sound", "included", "missing"]

    @property
    def units(self) -> int:
        """Number of repeat units in the difference."""
        return self.n_larger - self.n_smaller

    def relative_errors(self, polarizability: float, dispersion: float) -> tuple[float, float]:
        """Return relative standard deviations of one unit's polarizability and of its dispersion F - C, angstrom3.

        From `benchmarks/oligomer_study.py`: root mean square differences between a capped segment and two segments
        less one. A sound junction costs the same whatever the size of the unit. The step from one unit to two of
        chains whose junction is missing is the error of one; a third of it is left for two.
        """
        if self.junction == "sound":
            return _SOUND[0] / self.units / polarizability, _SOUND[1] / self.units / dispersion
        share = 1.0 if self.junction == "missing" else 1.0 / 3.0
        return _UNSOUND_STEP[0] * share, _UNSOUND_STEP[1] * share


def choose_difference(polymer: Polymer, largest_pair: int = LARGEST_PAIR) -> Difference:
    """Return the methyl-capped oligomers that stand for the repeat unit of `polymer`.

    The chain is cut at a single bond with a saturated carbon where it has one; then a capped segment less ethane is as
    good as two segments less one (shown in `docs/validation/optics.md`). Otherwise two segments less one are used where
    the longer oligomer has at most `largest_pair` heavy atoms.

    Raises
    ------
    EvaluationError
        UNSUPPORTED for a backbone without single bonds outside rings.
    """
    framed, cost = reframe(polymer.protiated)
    sound = cost < _UNSOUND
    unit = framed.mol.GetNumHeavyAtoms()
    segment = max(1, -(-SHORTEST // unit))
    pair = not sound and 2 * segment * unit + 2 <= largest_pair
    larger, smaller = (2 * segment, segment) if pair else (segment, 0)
    junction: Literal["sound", "included", "missing"] = "sound" if sound else "included" if pair else "missing"
    return Difference(framed.oligomer(larger), framed.oligomer(smaller), larger, smaller, junction)


def reframe(polymer: Polymer) -> tuple[Polymer, int]:
    """Return the same chain with its repeat unit cut where methyl caps disturb least, and that cut's cost.

    Raises
    ------
    EvaluationError
        UNSUPPORTED for a backbone joined by other than single bonds at every place.
    """
    pair = polymer.oligomer(2)
    path = _backbone(pair)
    candidates = []
    for first, second in pairwise(path):
        bond = pair.GetBondBetweenAtoms(first, second)
        if bond.GetBondType() == Chem.BondType.SINGLE and not bond.IsInRing():
            candidates.append((_cost_of_cut(bond), bond.GetIdx(), first))
    # One full period of the chain: the bonds that start in the first unit, the one to the second unit included.
    own = [c for c in candidates if pair.GetAtomWithIdx(c[2]).GetIntProp("unit") == 0]
    if not own:
        raise EvaluationError(
            FailureCode.UNSUPPORTED,
            "oligomers",
            "The repeat units are joined by double or triple bonds only; methyl caps cannot end such a chain.",
            hint="Write the repeat unit so that the stars sit on single bonds, if the chain has any.",
        )
    cost, cut, _ = min(own)
    # The user's own frame is kept where it is as good as any: its numbers are then easiest to retrace.
    junction = _junction_cost(pair, path)
    if junction is not None and junction <= cost:
        return polymer, junction
    twin = _same_bond_one_unit_on(pair, path, cut)
    if twin is None:
        return polymer, _UNSOUND if junction is None else junction
    pieces = Chem.FragmentOnBonds(pair, [cut, twin], addDummies=True, dummyLabels=[(0, 0), (0, 0)])
    for piece in Chem.GetMolFrags(pieces, asMols=True, sanitizeFrags=False):
        if sum(atom.GetAtomicNum() == 0 for atom in piece.GetAtoms()) == 2:
            return Polymer(Chem.MolToSmiles(piece)), cost
    return polymer, _UNSOUND if junction is None else junction


_UNSOUND = 10


def _cost_of_cut(bond: Chem.Bond) -> int:
    ends = (bond.GetBeginAtom(), bond.GetEndAtom())
    saturated = sum(_is_saturated_carbon(atom) for atom in ends)
    if saturated == 0:
        return _UNSOUND + (2 if bond.GetIsConjugated() else 0)
    # Fluorine draws electrons from a methyl cap: with caps in place of CF2 on both sides, CF2 comes out 4.6 % less
    # polarizable than within a longer chain.
    fluorinated = sum(any(near.GetSymbol() == "F" for near in atom.GetNeighbors()) for atom in ends)
    return _UNSOUND if fluorinated == 2 else 2 * (2 - saturated) + fluorinated


def _is_saturated_carbon(atom: Chem.Atom) -> bool:
    return bool(atom.GetSymbol() == "C" and atom.GetHybridization() == Chem.HybridizationType.SP3)


def _backbone(pair: Chem.Mol) -> tuple[int, ...]:
    caps = [atom.GetIdx() for atom in pair.GetAtoms() if atom.GetIntProp("unit") == -1]
    path = Chem.GetShortestPath(pair, caps[0], caps[1])
    # Walk from the first unit to the second.
    return tuple(path) if pair.GetAtomWithIdx(path[1]).GetIntProp("unit") == 0 else tuple(reversed(path))


def _junction_cost(pair: Chem.Mol, path: tuple[int, ...]) -> int | None:
    for first, second in pairwise(path):
        units = (pair.GetAtomWithIdx(first).GetIntProp("unit"), pair.GetAtomWithIdx(second).GetIntProp("unit"))
        if units == (0, 1):
            bond = pair.GetBondBetweenAtoms(first, second)
            return _cost_of_cut(bond) if bond.GetBondType() == Chem.BondType.SINGLE else None
    return None


def _same_bond_one_unit_on(pair: Chem.Mol, path: tuple[int, ...], cut: int) -> int | None:
    inner = path[1:-1]
    period = len(inner) // 2
    bond = pair.GetBondWithIdx(cut)
    place = min(inner.index(bond.GetBeginAtomIdx()), inner.index(bond.GetEndAtomIdx()))
    if place + period + 1 >= len(inner):
        return None
    return int(pair.GetBondBetweenAtoms(inner[place + period], inner[place + period + 1]).GetIdx())
