"""Chains grown in three dimensions and periodic cells packed with them, without overlaps and pierced rings."""

from polyloop.simulate.cells.cell import build_cell, refuse_net_charge
from polyloop.simulate.cells.chain_layout import Tacticity
from polyloop.simulate.cells.compositions import Composition, describe_chains, ion_pairs
from polyloop.simulate.cells.contacts import smallest_contact
from polyloop.simulate.cells.growth import grow_chain
from polyloop.simulate.cells.packing import pack
from polyloop.simulate.cells.rings import pierced_rings, smallest_rings
from polyloop.simulate.cells.sequences import Arrangement, degree_for, sequence

__all__ = [
    "Arrangement",
    "Composition",
    "Tacticity",
    "build_cell",
    "degree_for",
    "describe_chains",
    "grow_chain",
    "ion_pairs",
    "pack",
    "pierced_rings",
    "refuse_net_charge",
    "sequence",
    "smallest_contact",
    "smallest_rings",
]
