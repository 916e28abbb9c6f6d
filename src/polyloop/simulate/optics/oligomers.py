"""Which oligomers stand for a repeat unit: where to cut the chain, and which difference cancels the end groups."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from rdkit import Chem

from polyloop.chem import Polymer
from polyloop.core import EvaluationError, FailureCode

__all__ = ["Caps", "Difference", "choose_difference", "reframe", "with_fluorinated_caps"]

# A methyl cap on either side of a cut X-Y turns it into X-C and C-Y, and the cap-cap molecule takes away C-C. In bond
# additivity that is X-Y again when X or Y is itself a saturated carbon; otherwise a junction is missing. A fluorinated
# carbon is a kind of its own: it draws electrons from a methyl, so that CF2 between methyls comes out 4.6 % less
# polarizable than within a longer chain, and CF2O 5 % (a third in its dispersion). Trifluoromethyl in the place of
# methyl leaves the bonds of fluorinated carbons as they are.
Caps = Literal["methyl", "matched"]
LARGEST_PAIR = 22  # heavy atoms of the longer oligomer, up to which the junction is computed where the caps distort it
SHORTEST = 4  # heavy atoms of a segment: a smaller one (CH2, CF2) is repeated, or its neighbours would be caps only

_SOUND = (0.075, 0.0029)  # angstrom3, root mean square over 13 units
_FLUORINATED = (0.070, 0.0039)  # angstrom3, root mean square over 4 units
_UNSOUND_STEP = (0.09, 0.30)  # relative, root mean square over 4 units


@dataclass(frozen=True)
class Difference:
    """Two oligomers whose difference is a whole number of repeat units.

    Parameters
    ----------
    larger, smaller
        Molecules without hydrogens.
    n_larger, n_smaller
        Their numbers of repeat units; 0 is cap-cap, ethane or hexafluoroethane.
    junction
        `sound`: the caps replace the junction between units without loss in bond additivity; `fluorinated`: so do
        trifluoromethyl caps where the chain is cut at a fluorinated carbon; `included`: they do not, and the
        difference of two oligomers holds it; `missing`: they do not, and the unit is too large for two.
    """

    larger: Chem.Mol
    smaller: Chem.Mol
    n_larger: int
    n_smaller: int
    junction: Literal["sound", "fluorinated", "included", "missing"]

    @property
    def cap(self) -> str:
        """What ends the oligomers: CH3 or CF3."""
        return "CF3" if self.junction == "fluorinated" else "CH3"

    @property
    def units(self) -> int:
        """Number of repeat units in the difference."""
        return self.n_larger - self.n_smaller

    def relative_errors(self, polarizability: float, dispersion: float) -> tuple[float, float]:
        """Return relative standard deviations of one unit's polarizability and of its dispersion F - C, angstrom3.

        From `benchmarks/oligomer_study.py`: root mean square differences between a capped segment and two segments
        less one. A junction that the caps keep costs the same whatever the size of the unit. The step from one unit to
        two of chains whose junction is missing is the error of one; a third of it is left for two.
        """
        if self.junction in ("sound", "fluorinated"):
            at_ends = _SOUND if self.junction == "sound" else _FLUORINATED
            return at_ends[0] / self.units / polarizability, at_ends[1] / self.units / dispersion
        share = 1.0 if self.junction == "missing" else 1.0 / 3.0
        return _UNSOUND_STEP[0] * share, _UNSOUND_STEP[1] * share


def choose_difference(polymer: Polymer, largest_pair: int = LARGEST_PAIR, caps: Caps = "methyl") -> Difference:
    """Return the capped oligomers that stand for the repeat unit of `polymer`.

    The chain is cut at a single bond with a saturated carbon where it has one; then a capped segment less cap-cap is as
    good as two segments less one (shown in `docs/validation/optics.md`). Otherwise two segments less one are used where
    the longer oligomer has at most `largest_pair` heavy atoms.

    Parameters
    ----------
    caps
        `methyl`: methyl at every cut; `matched`: trifluoromethyl where the best cut is between two fluorinated
        carbons, or from one to an atom other than saturated carbon.

    Raises
    ------
    EvaluationError
        UNSUPPORTED for a backbone without single bonds outside rings.
    """
    framed, cost = reframe(polymer.protiated, caps)
    unit = framed.mol.GetNumHeavyAtoms()
    segment = max(1, -(-SHORTEST // unit))
    if caps == "matched" and cost in _FLUORINATED_CUTS:
        larger, smaller = (with_fluorinated_caps(framed.oligomer(n)) for n in (segment, 0))
        return Difference(larger, smaller, segment, 0, "fluorinated")
    if cost < _UNSOUND:
        return Difference(framed.oligomer(segment), framed.oligomer(0), segment, 0, "sound")
    if 2 * segment * unit + 2 <= largest_pair:
        return Difference(framed.oligomer(2 * segment), framed.oligomer(segment), 2 * segment, segment, "included")
    return Difference(framed.oligomer(segment), framed.oligomer(0), segment, 0, "missing")


def reframe(polymer: Polymer, caps: Caps = "methyl") -> tuple[Polymer, int]:
    """Return the same chain with its repeat unit cut where the caps disturb least, and that cut's cost.

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
            candidates.append((_cost_of_cut(bond, caps), bond.GetIdx(), first))
    # One full period of the chain: the bonds that start in the first unit, the one to the second unit included.
    own = [c for c in candidates if pair.GetAtomWithIdx(c[2]).GetIntProp("unit") == 0]
    if not own:
        raise EvaluationError(
            FailureCode.UNSUPPORTED,
            "oligomers",
            "The repeat units are joined by double or triple bonds only; caps cannot end such a chain.",
            hint="Write the repeat unit so that the stars sit on single bonds, if the chain has any.",
        )
    cost, cut, _ = min(own)
    # The user's own frame is kept where it is as good as any: its numbers are then easiest to retrace.
    junction = _junction_cost(pair, path, caps)
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


# Costs of cuts, by which they are ranked. Between saturated carbons: 0, or 1 where one is fluorinated, or 3 where
# both are (with methyl caps unsound). From a saturated carbon to another atom: 2, or 4 where it is fluorinated.
_FLUORINATED_CUTS, _UNSOUND = (3, 4), 10


def _cost_of_cut(bond: Chem.Bond, caps: Caps) -> int:
    ends = (bond.GetBeginAtom(), bond.GetEndAtom())
    saturated = sum(_is_saturated_carbon(atom) for atom in ends)
    if saturated == 0:
        return _UNSOUND + (2 if bond.GetIsConjugated() else 0)
    fluorinated = sum(any(near.GetSymbol() == "F" for near in atom.GetNeighbors()) for atom in ends)
    if saturated == 1:
        return 4 if fluorinated else 2
    if fluorinated < 2:
        return fluorinated
    return 3 if caps == "matched" else _UNSOUND


def with_fluorinated_caps(oligomer: Chem.Mol) -> Chem.Mol:
    """Return `oligomer`, whose caps are methyl, with three fluorine atoms on each of them."""
    capped = Chem.RWMol(oligomer)
    for cap in [atom.GetIdx() for atom in oligomer.GetAtoms() if atom.GetIntProp("unit") == -1]:
        for _ in range(3):
            fluorine = Chem.Atom("F")
            fluorine.SetIntProp("unit", -1)
            fluorine.SetIntProp("atom", -1)
            capped.AddBond(cap, capped.AddAtom(fluorine), Chem.BondType.SINGLE)
    molecule = capped.GetMol()
    Chem.SanitizeMol(molecule)
    return molecule


def _is_saturated_carbon(atom: Chem.Atom) -> bool:
    return bool(atom.GetSymbol() == "C" and atom.GetHybridization() == Chem.HybridizationType.SP3)


def _backbone(pair: Chem.Mol) -> tuple[int, ...]:
    caps = [atom.GetIdx() for atom in pair.GetAtoms() if atom.GetIntProp("unit") == -1]
    path = Chem.GetShortestPath(pair, caps[0], caps[1])
    # Walk from the first unit to the second.
    return tuple(path) if pair.GetAtomWithIdx(path[1]).GetIntProp("unit") == 0 else tuple(reversed(path))


def _junction_cost(pair: Chem.Mol, path: tuple[int, ...], caps: Caps) -> int | None:
    for first, second in pairwise(path):
        units = (pair.GetAtomWithIdx(first).GetIntProp("unit"), pair.GetAtomWithIdx(second).GetIntProp("unit"))
        if units == (0, 1):
            bond = pair.GetBondBetweenAtoms(first, second)
            return _cost_of_cut(bond, caps) if bond.GetBondType() == Chem.BondType.SINGLE else None
    return None


def _same_bond_one_unit_on(pair: Chem.Mol, path: tuple[int, ...], cut: int) -> int | None:
    inner = path[1:-1]
    period = len(inner) // 2
    bond = pair.GetBondWithIdx(cut)
    place = min(inner.index(bond.GetBeginAtomIdx()), inner.index(bond.GetEndAtomIdx()))
    if place + period + 1 >= len(inner):
        return None
    return int(pair.GetBondBetweenAtoms(inner[place + period], inner[place + period + 1]).GetIdx())
