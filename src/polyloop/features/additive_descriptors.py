"""RDKit's additive descriptors of a molecule, all at once: what several of them need is computed once.

RDKit offers each as a function of its own, so that fourteen bins of one surface are computed fourteen times, and the
atoms are counted anew for each. The values here are RDKit's own to the last bit, and the connectivity indices of paths
to 1e-13 (`tests/features/test_additive_descriptors.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from rdkit import Chem

from polyloop.features.connectivity import connectivity_indices, outer_electrons
from polyloop.features.pattern_elements import elements_held, elements_needed

__all__ = ["ADDITIVE", "additive_descriptors", "additive_pair"]

# The descriptors of RDKit 2026.9 that are additive over repeat units: D(n + 2) - 2 D(n + 1) + D(n) vanishes to 1e-6
# on all 1,067 polymers of the pool of benchmarks/forcefield_descriptor.py. Left out: extremes (charges, EState),
# indices that grow faster than the chain or not at all (Ipc, BalabanJ, BertzCT, Kappa, BCUT2D, qed), the
# EState_VSA family (its values reach over the whole chain), and duplicates of others (ExactMolWt).
_ADDITIVE_TEXT = """
MolWt HeavyAtomMolWt NumValenceElectrons Chi0 Chi0n Chi0v Chi1 Chi1n Chi1v Chi2n Chi2v Chi3n Chi3v Chi4n Chi4v
HallKierAlpha LabuteASA PEOE_VSA1 PEOE_VSA2 PEOE_VSA3 PEOE_VSA4 PEOE_VSA5 PEOE_VSA6 PEOE_VSA7 PEOE_VSA8 PEOE_VSA9
PEOE_VSA10 PEOE_VSA11 PEOE_VSA12 PEOE_VSA13 PEOE_VSA14 SMR_VSA1 SMR_VSA2 SMR_VSA3 SMR_VSA4 SMR_VSA5 SMR_VSA6 SMR_VSA7
SMR_VSA8 SMR_VSA9 SMR_VSA10 SlogP_VSA1 SlogP_VSA2 SlogP_VSA3 SlogP_VSA4 SlogP_VSA5 SlogP_VSA6 SlogP_VSA7 SlogP_VSA8
SlogP_VSA9 SlogP_VSA10 SlogP_VSA11 SlogP_VSA12 TPSA NHOHCount NOCount NumAliphaticCarbocycles NumAliphaticHeterocycles
NumAliphaticRings NumAmideBonds NumAromaticCarbocycles NumAromaticHeterocycles NumAromaticRings NumBridgeheadAtoms
NumHAcceptors NumHDonors NumHeteroatoms NumHeterocycles NumRotatableBonds NumSaturatedCarbocycles
NumSaturatedHeterocycles NumSaturatedRings NumSpiroAtoms RingCount MolLogP MolMR fr_Al_COO fr_Al_OH fr_Al_OH_noTert
fr_ArN fr_Ar_COO fr_Ar_N fr_Ar_NH fr_Ar_OH fr_COO fr_COO2 fr_C_O fr_C_O_noCOO fr_C_S fr_HOCCN fr_Imine fr_NH0 fr_NH1
fr_NH2 fr_N_O fr_Ndealkylation1 fr_Ndealkylation2 fr_Nhpyrrole fr_SH fr_aldehyde fr_alkyl_carbamate fr_alkyl_halide
fr_allylic_oxid fr_amide fr_amidine fr_aniline fr_aryl_methyl fr_azide fr_azo fr_barbitur fr_benzene fr_benzodiazepine
fr_bicyclic fr_diazo fr_dihydropyridine fr_epoxide fr_ester fr_ether fr_furan fr_guanido fr_halogen fr_hdrzine
fr_hdrzone fr_imidazole fr_imide fr_isocyan fr_isothiocyan fr_ketone fr_ketone_Topliss fr_lactam fr_lactone fr_methoxy
fr_morpholine fr_nitrile fr_nitro fr_nitro_arom fr_nitro_arom_nonortho fr_nitroso fr_oxazole fr_oxime
fr_para_hydroxylation fr_phenol fr_phenol_noOrthoHbond fr_phos_acid fr_phos_ester fr_piperdine fr_piperzine
fr_priamide fr_prisulfonamd fr_pyridine fr_quatN fr_sulfide fr_sulfonamd fr_sulfone fr_term_acetylene fr_tetrazole
fr_thiazole fr_thiocyan fr_thiophene fr_unbrch_alkane fr_urea
"""
ADDITIVE = tuple(_ADDITIVE_TEXT.split())
"""Names of the 161 descriptors, in the order of the columns."""

# Those that count something, and are never negative.
_COUNTS = frozenset(
    name for name in ADDITIVE if name.startswith(("fr_", "Num", "RingCount")) or name in ("NHOHCount", "NOCount")
)


def additive_descriptors(mol: Chem.Mol, absent: Container[str] = ()) -> dict[str, float]:
    """Return the values of `ADDITIVE` for a molecule without explicit hydrogens, by name.

    They are those of the functions in `rdkit.Chem.Descriptors.descList`.

    Parameters
    ----------
    absent
        Counts that are known to be 0, such as those of `additive_pair`.
    """
    values = _from_surfaces(mol)
    values |= _from_atoms(mol)
    held = elements_held(mol)
    for name, (needed, function) in _single().items():
        values[name] = function(mol) if needed <= held and name not in absent else 0
    return values


def additive_pair(shorter: Chem.Mol, longer: Chem.Mol) -> tuple[dict[str, float], dict[str, float]]:
    """Return the descriptors of an oligomer and of the one that is a unit longer.

    What does not occur in the longer is not looked for in the shorter: counts D are additive, D(n + 2) - D(n + 1) =
    D(n + 1) - D(n), so that D(n + 1) = 0 < D(n) would make D(n + 2) negative.
    """
    of_longer = additive_descriptors(longer)
    absent = {name for name in _single() if name in _COUNTS and of_longer[name] == 0}
    return additive_descriptors(shorter, absent), of_longer


def _from_surfaces(mol: Chem.Mol) -> dict[str, float]:
    """Surface areas by bins of charge, refractivity and log P; the latter two as wholes."""
    from rdkit.Chem import rdMolDescriptors

    log_p, refractivity = rdMolDescriptors.CalcCrippenDescriptors(mol)
    values = {"MolLogP": log_p, "MolMR": refractivity}
    for family in ("PEOE_VSA", "SMR_VSA", "SlogP_VSA"):
        bins = getattr(rdMolDescriptors, f"{family}_")(mol)
        values |= {f"{family}{number}": area for number, area in enumerate(bins, start=1)}
    return values


def _from_atoms(mol: Chem.Mol) -> dict[str, float]:
    """Return what RDKit sums over atoms, bonds and paths; over the first two in its order, with its roundings."""
    atoms = [mol.GetAtomWithIdx(index) for index in range(mol.GetNumAtoms())]
    degrees = [atom.GetDegree() for atom in atoms]
    numbers = np.array([atom.GetAtomicNum() for atom in atoms], dtype=np.int64)
    hydrogens = np.array([atom.GetTotalNumHs() for atom in atoms], dtype=np.int64)
    bonds = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in _bonds(mol)]
    products = [degrees[first] * degrees[second] for first, second in bonds]
    chi = connectivity_indices(mol, numbers, hydrogens, np.array(bonds, dtype=np.int64).reshape(-1, 2))
    return chi | {
        "NumValenceElectrons": int((outer_electrons()[numbers] + hydrogens).sum()) - Chem.GetFormalCharge(mol),
        "Chi0": sum(np.sqrt(1.0 / np.array([degree for degree in degrees if degree], dtype="d"))),
        "Chi1": sum(np.sqrt(1.0 / np.array(products, dtype="d"))),
    }


def _bonds(mol: Chem.Mol) -> Iterator[Chem.Bond]:
    return map(mol.GetBondWithIdx, range(mol.GetNumBonds()))


@lru_cache(maxsize=1)
def _single() -> Mapping[str, tuple[frozenset[int], Callable[[Chem.Mol], Any]]]:
    """Return RDKit's functions of all other descriptors, each with the elements without which its value is 0."""
    from rdkit.Chem import Descriptors, Fragments

    families = ("PEOE_VSA", "SMR_VSA", "SlogP_VSA", "Chi")
    grouped = {"MolLogP", "MolMR", "NumValenceElectrons"}
    known, fragments = dict(Descriptors.descList), dict(Fragments.fns)
    single = {}
    for name in ADDITIVE:
        if name in grouped or name.startswith(families):
            continue
        # RDKit keeps the pattern as the function's default argument.
        pattern = (getattr(fragments.get(name), "__defaults__", None) or (None,))[-1]
        needed = elements_needed(pattern) if isinstance(pattern, Chem.Mol) else frozenset()
        single[name] = needed, known[name]
    return single
