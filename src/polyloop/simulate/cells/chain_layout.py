"""Plan of a chain: its blocks in order, with the shapes that each may take and the sense of each stereocentre."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.chain import Chain
from polyloop.core.errors import InvalidInputError
from polyloop.simulate.cells.blocks import UnitBlocks, fragments_of
from polyloop.simulate.cells.conformers import BlockShapes, block_shapes, methyl_shapes
from polyloop.simulate.cells.fragment import Fragment

__all__ = ["PlacedBlock", "Tacticity", "plan_chain"]

Tacticity = Literal["atactic", "isotactic", "syndiotactic"]


@dataclass(frozen=True)
class PlacedBlock:
    """A block at its place in a chain.

    Parameters
    ----------
    atoms
        Indices in the chain, shape (m,), in the order of `shapes`.
    shapes
        What shapes it can take.
    joint_length
        Length of the bond to the block before, for each shape, shape (c,).
    """

    atoms: NDArray[np.int64]
    shapes: BlockShapes
    joint_length: NDArray[np.float64]


def plan_chain(chain: Chain, rng: np.random.Generator, tacticity: Tacticity = "atactic") -> list[PlacedBlock]:
    """Return the blocks of a chain from the head cap to the tail cap.

    The free stereocentres of the backbone, one after the other along the chain, get equal senses (isotactic),
    alternating ones (syndiotactic), or each its own by a fair coin (atactic).

    Raises
    ------
    InvalidInputError
        If `tacticity` is none of the three.
    """
    if tacticity not in get_args(Tacticity):
        raise InvalidInputError(
            f"There is no tacticity {tacticity!r}.", where="tacticity", hint=f"Use {', '.join(get_args(Tacticity))}."
        )
    cut = [UnitBlocks(unit) for unit in chain.units]
    fragments: dict[tuple[int, int, int], list[Fragment]] = {}
    kinds = chain.sequence.tolist()
    n_free = sum(len(cut[kind].free_centres) for kind in kinds)
    signs = _signs(n_free, rng, tacticity).tolist()
    plan = []
    for place, kind in enumerate(kinds):
        # At the ends the unit is taken to be surrounded by its like: only the length of the last bond tells.
        around = (kinds[max(place - 1, 0)], kind, kinds[min(place + 1, len(kinds) - 1)])
        if around not in fragments:
            left, middle, right = (cut[k] for k in around)
            fragments[around] = fragments_of(left, middle, right)
        for block, fragment in zip(cut[kind].blocks, fragments[around], strict=True):
            shapes = block_shapes(_with_signs(fragment, signs))
            plan.append(PlacedBlock(np.array(block.atoms) + chain.starts[place], shapes, shapes.joint_length))
    return _with_ends(plan, chain)


def _signs(count: int, rng: np.random.Generator, tacticity: Tacticity) -> NDArray[np.int64]:
    if tacticity == "atactic":
        return 1 - 2 * rng.integers(0, 2, count)
    if tacticity == "syndiotactic":
        return 1 - 2 * (np.arange(count) % 2)
    return np.ones(count, dtype=np.int64)


def _with_signs(fragment: Fragment, signs: list[int]) -> Fragment:
    """Give the free centres the next senses of the list, which are taken off it."""
    centres = tuple(centre if centre.sign else replace(centre, sign=signs.pop()) for centre in fragment.centres)
    return replace(fragment, centres=centres)


def _with_ends(plan: list[PlacedBlock], chain: Chain) -> list[PlacedBlock]:
    """Add the methyl ends, and give the first joint the length of a bond to methyl."""
    (_, first), (last, _) = chain.joints[0], chain.joints[-1]
    head, tail = methyl_shapes(int(chain.numbers[first])), methyl_shapes(int(chain.numbers[last]))
    opening = replace(plan[0], joint_length=np.repeat(head.joint_length, len(plan[0].joint_length)))
    return [
        PlacedBlock(np.arange(4), head, head.joint_length),
        opening,
        *plan[1:],
        PlacedBlock(np.arange(4) + chain.starts[-1], tail, tail.joint_length),
    ]
