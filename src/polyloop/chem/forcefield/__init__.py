"""Force field: GAFF2_mod atom types and parameters of molecules and chains, ions, Gasteiger charges."""

from polyloop.chem.forcefield.chain import chain_molecule, type_chain
from polyloop.chem.forcefield.gasteiger import gasteiger_charges
from polyloop.chem.forcefield.interior import UnitTerms, unit_terms
from polyloop.chem.forcefield.ions import ion
from polyloop.chem.forcefield.molecule import type_molecule
from polyloop.chem.forcefield.parameters import Gaff2Mod, gaff2_mod
from polyloop.chem.forcefield.tables import FORCE_FIELD, FORCE_FIELDS, RADONPY_FORCE_FIELD

__all__ = [
    "FORCE_FIELD",
    "FORCE_FIELDS",
    "RADONPY_FORCE_FIELD",
    "Gaff2Mod",
    "UnitTerms",
    "chain_molecule",
    "gaff2_mod",
    "gasteiger_charges",
    "ion",
    "type_chain",
    "type_molecule",
    "unit_terms",
]
