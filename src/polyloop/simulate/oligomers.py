"""Which oligomers stand for a repeat unit: where to cut the chain, and which difference cancels the end groups."""

from __future__ import annotations

from dataclasses import dataclass

from rdkit import Chem

from polyloop.chem import Polymer
from polyloop.core import EvaluationError, FailureCode

__all__ = ["Difference", "choose_difference", "reframe"]

# A methyl cap on either side of a cut X-Y turns it into X-C and C-Y, and the cap-cap molecule takes away C-C. In bond
# additivity that is X-Y again when X or Y is itself a saturated carbon; otherwise a junction is missing.
LARGEST_PAIR = 22  # heavy atoms of the capped dimer, up to which the dimer is computed where the junction needs it


@dataclass(frozen=True)
class Difference:
    """Two oligomers whose difference is one repeat unit.

    Parameters
    ----------
    larger, smaller
        Molecules without hydrogens. `larger` has one repeat unit more.
    n
        Units in `larger`: 1 (methyl-capped unit less ethane) or 2 (dimer less monomer).
    junction_is_sound
        Whether the caps replace the junction between units without loss in bond additivity.
    """

    larger: Chem.Mol
    smaller: Chem.Mol
    n: int
    junction_is_sound: bool


def choose_difference(polymer: Polymer, largest_pair: int = LARGEST_PAIR, n: int | None = None) -> Difference:
    """Return the pair of methyl-capped oligomers that stands for one repeat unit of `polymer`.

    The chain is cut at a single bond with a saturated carbon where it has one; then a capped unit less ethane is as
    good as a dimer less a capped unit (shown in `docs/validation/optics.md`). Otherwise the dimer is used where it has
    at most `largest_pair` heavy atoms.

    Parameters
    ----------
    n
        Force the number of units in the larger oligomer.
    """
    framed, cost = reframe(polymer)
    sound = cost < _UNSOUND
    if n is None:
        pair_size = 2 * (framed.mol.GetNumHeavyAtoms()) + 2
        n = 1 if sound or pair_size > largest_pair else 2
    return Difference(framed.oligomer(n), framed.oligomer(n - 1), n, sound or n > 1)


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
    for first, second in zip(path, path[1:], strict=False):
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
    # Next best after two saturated carbons is one; a fluorinated carbon feels a methyl neighbour more.
    fluorinated = sum(any(near.GetSymbol() == "F" for near in atom.GetNeighbors()) for atom in ends)
    return 2 * (2 - saturated) + fluorinated


def _is_saturated_carbon(atom: Chem.Atom) -> bool:
    return bool(atom.GetSymbol() == "C" and atom.GetHybridization() == Chem.HybridizationType.SP3)


def _backbone(pair: Chem.Mol) -> tuple[int, ...]:
    caps = [atom.GetIdx() for atom in pair.GetAtoms() if atom.GetIntProp("unit") == -1]
    path = Chem.GetShortestPath(pair, caps[0], caps[1])
    # Walk from the first unit to the second.
    return tuple(path) if pair.GetAtomWithIdx(path[1]).GetIntProp("unit") == 0 else tuple(reversed(path))


def _junction_cost(pair: Chem.Mol, path: tuple[int, ...]) -> int | None:
    for first, second in zip(path, path[1:], strict=False):
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
