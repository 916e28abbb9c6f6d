"""Which molecule is described: a short methyl-capped oligomer of a repeat unit, or the molecule itself."""

from __future__ import annotations

from rdkit import Chem

from polyloop.chem import Molecule, Polymer
from polyloop.core import EvaluationError, FailureCode
from polyloop.simulate.neutrality import refuse_charge
from polyloop.simulate.optics.oligomers import SHORTEST, reframe

__all__ = ["STAGE", "described_molecule"]

STAGE = "qmex"


def described_molecule(subject: Polymer | Molecule, largest: int) -> Chem.Mol:
    """Return the molecule whose descriptors stand for a subject, without explicit hydrogens.

    Of a polymer CH3-(unit)n-CH3, cut where the caps disturb least, with the least n that gives four heavy atoms between
    the caps. Isotopes of hydrogen are plain hydrogen.

    Parameters
    ----------
    largest
        Most heavy atoms.

    Raises
    ------
    EvaluationError
        SIZE, or UNSUPPORTED for charged units and for chains joined by multiple bonds only.
    """
    if isinstance(subject, Molecule):
        mol = subject.mol
    else:
        refuse_charge(subject, STAGE)
        framed, _ = reframe(subject.protiated)
        mol = framed.oligomer(max(1, -(-SHORTEST // framed.heavy_atoms)))
    heavy = int(mol.GetNumHeavyAtoms())
    if heavy > largest:
        raise EvaluationError(
            FailureCode.SIZE, STAGE, f"The capped oligomer has {heavy} heavy atoms; at most {largest} are described.",
            hint="Use a shorter repeat unit, or qmex/quick@1, which takes more.",
        )  # fmt: skip
    return mol
