"""Partial charges of repeat units and chains: RESP from Hartree-Fock potentials, and fast models.

`chain_charges` is the call that other rooms use.
"""

from polyloop.simulate.charges.resp import ChargeSum, Potential, fit_charges, resp_charges
from polyloop.simulate.charges.unit import METHODS, UnitCharges, chain_charges, unit_charges

__all__ = [
    "METHODS",
    "ChargeSum",
    "Potential",
    "UnitCharges",
    "chain_charges",
    "fit_charges",
    "resp_charges",
    "unit_charges",
]
