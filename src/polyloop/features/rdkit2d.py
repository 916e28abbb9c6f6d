"""RDKit's two-dimensional descriptors of a repeat unit, by difference of oligomers, or a molecule; per heavy atom."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from polyloop.chem import Molecule, Polymer
from polyloop.core.descriptors import BlockKind
from polyloop.core.errors import EvaluationError, FailureCode
from polyloop.features.oligomer import backbone_length

__all__ = ["Rdkit2dBlock"]

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
_ADDITIVE = tuple(_ADDITIVE_TEXT.split())
# The farthest-reaching descriptors (fourth-order paths, charges sorted into bins) see no cap beyond this.
_REACH = 8


class Rdkit2dBlock:
    """Additive RDKit descriptors: what one more repeat unit adds to an oligomer, divided by its heavy atoms.

    Only descriptors that are additive over repeat units are taken, since only these belong to the polymer and not
    to the oligomer that happened to be built. The first column is the number of heavy atoms of the unit. Of a molecule
    the same descriptors of the whole are divided by its heavy atoms.
    """

    name = "rdkit2d"
    version = 2
    kind = BlockKind.PHYSICAL
    packages: tuple[str, ...] = ("rdkit",)
    subjects: tuple[str, ...] = ("polymer", "copolymer", "molecule")
    dtype: np.dtype[Any] = np.dtype(np.float64)
    storage: np.dtype[Any] = np.dtype(np.float64)

    def names(self) -> tuple[str, ...]:
        """Return `HeavyAtomCount` and the names of the descriptors, each per heavy atom."""
        return ("HeavyAtomCount", *(f"{name}_per_heavy_atom" for name in _ADDITIVE))

    def evaluate(self, polymer: Polymer | Molecule) -> NDArray[np.float64]:
        """Return the descriptors, shape (162,).

        Raises
        ------
        EvaluationError
            If one of them is not finite.
        """
        if isinstance(polymer, Molecule):
            heavy = polymer.mol.GetNumHeavyAtoms()
            # Dihydrogen alone has no heavy atom.
            values = self._describe(polymer.mol) / max(heavy, 1)
        else:
            n = max(1, math.ceil(_REACH / backbone_length(polymer)))
            protiated = polymer.protiated
            shorter, longer = (protiated.oligomer(n), protiated.oligomer(n + 1))
            heavy = longer.GetNumHeavyAtoms() - shorter.GetNumHeavyAtoms()
            values = (self._describe(longer) - self._describe(shorter)) / heavy
        if not np.isfinite(values).all():
            bad = [name for name, value in zip(_ADDITIVE, values, strict=True) if not np.isfinite(value)]
            raise EvaluationError(FailureCode.UNSUPPORTED, "RDKit descriptors", f"{', '.join(bad)} is not finite.")
        return np.concatenate([[float(heavy)], values])

    def _describe(self, mol: Chem.Mol) -> NDArray[np.float64]:
        return np.array([function(mol) for function in self._functions], dtype=np.float64)

    @cached_property
    def _functions(self) -> list[Callable[[Chem.Mol], Any]]:
        from rdkit.Chem import Descriptors

        known = dict(Descriptors.descList)
        return [known[name] for name in _ADDITIVE]
