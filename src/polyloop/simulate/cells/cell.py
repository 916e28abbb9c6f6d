"""Cells: chains of any kind, each with its own conformation and tacticity, with additives and ions, in a box."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.chain import Chain
from polyloop.chem.forcefield import FORCE_FIELD, type_chain
from polyloop.chem.topology import Cell, Topology
from polyloop.core.errors import InvalidInputError
from polyloop.simulate.cells.chain_layout import Tacticity
from polyloop.simulate.cells.growth import grow_chain
from polyloop.simulate.cells.packing import pack
from polyloop.simulate.neutrality import charge_refusal

__all__ = ["build_cell", "refuse_net_charge"]

Floats = NDArray[np.float64]


def build_cell(
    chains: Sequence[Chain],
    charges: Sequence[Floats] | None = None,
    density: float = 0.05,
    seed: int = 0,
    tacticity: Tacticity = "atactic",
    others: Sequence[tuple[Topology, Floats]] = (),
    force_field: str = FORCE_FIELD,
) -> Cell:
    """Grow every chain, and pack them with other molecules into a periodic box.

    Each chain has a conformation and a sequence of stereocentres of its own, which depend on the seed and on its place
    in `chains` alone. The same arguments give the same cell bit for bit.

    Parameters
    ----------
    chains
        Chains of one kind, or of several (a blend). A chain that stands here several times is typed once.
    charges
        Partial charges of each chain in e, shape (n_atoms,) each; None leaves them 0.
    density
        In g/cm3, to start with; see `pack`.
    others
        Topology and positions (angstrom) of additives and ions, which come after the chains.
    force_field
        That of the chains, one of `chem.forcefield.FORCE_FIELDS`.

    Raises
    ------
    InvalidInputError
        If there is no chain, the charges do not fit, or an argument is out of range.
    EvaluationError
        UNSUPPORTED for a cell with a net charge; if the force field does not know a chain, or no chain or cell without
        overlap is found.
    """
    if not chains:
        raise InvalidInputError("A cell needs at least one chain.", where="chains")
    if charges is not None and len(charges) != len(chains):
        raise InvalidInputError(f"{len(chains)} chains need as many sets of charges, not {len(charges)}.")
    refuse_net_charge(chains, others)
    *sources, packing = np.random.SeedSequence(seed).spawn(len(chains) + 1)
    typed = {key: type_chain(chain, force_field) for key, chain in {id(chain): chain for chain in chains}.items()}
    topologies = [typed[id(chain)] for chain in chains]
    if charges is not None:
        topologies = [topology.with_charges(own) for topology, own in zip(topologies, charges, strict=True)]
    grown = [
        grow_chain(chain, np.random.default_rng(source), tacticity)
        for chain, source in zip(chains, sources, strict=True)
    ]
    topologies += [topology for topology, _ in others]
    grown += [positions for _, positions in others]
    return pack(topologies, grown, density, np.random.default_rng(packing))


def refuse_net_charge(chains: Sequence[Chain], others: Sequence[tuple[Topology, Floats]] = ()) -> None:
    """Refuse a cell whose formal charges do not add up to zero, which no periodic sum of Coulomb interactions has.

    Raises
    ------
    EvaluationError
        UNSUPPORTED, with the charge in e.
    """
    of_chains = {id(chain): sum(chain.units[kind].charge for kind in chain.sequence.tolist()) for chain in chains}
    of_others = round(sum(float(topology.charges.sum()) for topology, _ in others))
    if charge := sum(of_chains[id(chain)] for chain in chains) + of_others:
        raise charge_refusal("cell", charge, "cell")
