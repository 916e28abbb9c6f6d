"""PySCF: ground states and frequency-dependent polarizabilities.

Nothing here imports PySCF until a calculation starts, since that takes a second.
"""

from polyloop.engines.quantum.pyscf.ground_state import GroundState, ground_state
from polyloop.engines.quantum.pyscf.levels import Level
from polyloop.engines.quantum.pyscf.response import polarizability
from polyloop.engines.quantum.pyscf.versions import versions

__all__ = ["GroundState", "Level", "ground_state", "polarizability", "versions"]
