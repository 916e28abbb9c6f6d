"""Chains grown in three dimensions and periodic cells packed with them, without overlaps and pierced rings."""

from polyloop.simulate.build.cells import build_cell, refuse_net_charge
from polyloop.simulate.build.compositions import Composition, describe_chains, ion_pairs
from polyloop.simulate.build.contacts import smallest_contact
from polyloop.simulate.build.growth import grow_chain
from polyloop.simulate.build.packing import pack
from polyloop.simulate.build.plan import Tacticity
from polyloop.simulate.build.rings import pierced_rings, smallest_rings
from polyloop.simulate.build.sequences import Arrangement, degree_for, sequence

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
