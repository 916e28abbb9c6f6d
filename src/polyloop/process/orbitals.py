"""Quantum-chemical descriptors of one molecule that cost a second: GFN2-xTB on its lowest conformer."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError

__all__ = ["frontier_orbitals"]

_CONFORMERS = 8


@lru_cache(maxsize=1024)
def frontier_orbitals(smiles: str) -> NDArray[np.float64]:
    """Return the energies of the frontier orbitals and their gap in eV, and the dipole in D, shape (4,).

    Of eight conformers by MMFF94 the lowest is taken and relaxed.

    Raises
    ------
    InvalidInputError
        If there is no conformer.
    """
    from rdkit import Chem
    from rdkit.Chem import AllChem

    from polyloop.chem import Geometry
    from polyloop.engines.quantum.registry import tight_binding

    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    parameters = AllChem.ETKDGv3()  # type: ignore[attr-defined]
    parameters.randomSeed = 0
    places = list(AllChem.EmbedMultipleConfs(mol, _CONFORMERS, parameters))  # type: ignore[attr-defined]
    if not places:
        raise InvalidInputError(f"No conformer of {smiles} was found.", where="features D")
    if AllChem.MMFFHasAllMoleculeParams(mol):  # type: ignore[attr-defined]
        energies = [energy for _, energy in AllChem.MMFFOptimizeMoleculeConfs(mol)]  # type: ignore[attr-defined]
        places = [places[int(np.argmin(energies))]]
    engine = tight_binding("tblite")
    found = engine.single_point(engine.optimize(Geometry.from_mol(mol, places[0])).geometry)
    return np.array([found.homo, found.lumo, found.lumo - found.homo, found.dipole_moment])
