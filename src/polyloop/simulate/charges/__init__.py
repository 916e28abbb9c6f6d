"""Partial charges of repeat units and chains: RESP from Hartree-Fock potentials, and fast models.

`chain_charges` is the call that other rooms use.
"""

from polyloop.simulate.charges.registry import CHARGES, ChargeMethod
from polyloop.simulate.charges.resp import ChargeSum, Potential, fit_charges, resp_charges
from polyloop.simulate.charges.unit import UnitCharges, chain_charges, unit_charges

__all__ = [
    "CHARGES",
    "ChargeMethod",
    "ChargeSum",
    "Potential",
    "UnitCharges",
    "chain_charges",
    "fit_charges",
    "resp_charges",
    "unit_charges",
]
