"""Grow one chain, block by block: torsions by their weights, no overlaps, no ring pierced, backing out of dead ends."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from polyloop.chem.chain import Chain
from polyloop.core.errors import EvaluationError, FailureCode
from polyloop.simulate.cells.chain_layout import PlacedBlock, Tacticity, plan_chain
from polyloop.simulate.cells.conformers import THERMAL_ENERGY, TORSIONS, frame, rotation_about_x
from polyloop.simulate.cells.contacts import contact_radii
from polyloop.simulate.cells.relaxation import relax
from polyloop.simulate.cells.rings import pierced_rings
from polyloop.simulate.cells.strain import pair_energies

__all__ = ["grow_chain"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

# Trial placements per step, and how many of them are tried in turn before the step before is taken back.
_TRIALS, _TRIED = 48, 6
# Neighbours along the chain within so many blocks count with their energy (the pentane effect needs four bonds);
# all others only by overlap, for a chain in a melt is not swollen by its own far parts.
_LOCAL_BLOCKS = 4
# Within the window, shapes are rigid and can be crowded: an overlap there is nearer than this share of the hard radii,
# and the van der Waals energy over kT that a new block may have there is limited.
_LOCAL_SHARE, _STRAIN = 0.75, 10.0
# After every so many dead ends at one place both limits give way by a factor, and the chain is taken back further.
# From the third time on, each block is relaxed as it is placed, with so many before it. What remains is relaxed in
# the end; where a ring is pierced then, the chain is grown anew.
_PATIENCE, _NEARER, _MORE_STRAIN, _LEAST_SHARE = 8, 0.88, 3.0, 0.3
_EASING, _EASED, _ATTEMPTS = 3, 6, 5
_MOST_STEPS_PER_BLOCK = 100


def grow_chain(chain: Chain, rng: np.random.Generator, tacticity: Tacticity = "atactic") -> Floats:
    """Return positions of a chain in angstrom, shape (n_atoms, 3), in the chain's order of atoms.

    Torsions between blocks (see `plan_chain`) are drawn from their Boltzmann weights, trial placements chosen by the
    van der Waals energy with the blocks nearby along the chain (configurational bias, doi:10.1080/00268979200100061).

    Raises
    ------
    EvaluationError
        If no placement without overlap and pierced ring is found.
    InvalidInputError
        If `tacticity` is unknown.
    """
    plan = plan_chain(chain, rng, tacticity)
    for _ in range(_ATTEMPTS):
        positions = relax(_grown(plan, chain, rng), chain.numbers, chain.bonds)
        if not len(pierced_rings(positions, chain.bonds, chain.rings)):
            return positions
    raise EvaluationError(
        FailureCode.PACKING,
        "chain growth",
        f"Each of {_ATTEMPTS} chains of {len(chain.sequence)} units had a ring pierced by a bond once it was relaxed.",
        hint="Try another seed, or a chain with fewer units.",
        retryable=True,
    )


def _grown(plan: list[PlacedBlock], chain: Chain, rng: np.random.Generator) -> Floats:
    """Positions of a chain as it grew; overlaps along the chain may remain where it is crowded."""
    growth = _Growth(chain, plan, rng)
    step = furthest = 1
    dead_ends = 0
    options: dict[int, Iterator[Floats]] = {}
    for _ in range(_MOST_STEPS_PER_BLOCK * len(plan)):
        lenience = dead_ends // _PATIENCE
        if step not in options:
            options[step] = growth.options(step, lenience)
        if any(growth.stands(step, option) for option in options[step]) and (lenience < _EASING or growth.ease(step)):
            if lenience >= _EASING:
                # They were made for where the chain stood before.
                options = {earlier: rest for earlier, rest in options.items() if earlier < step - _EASED}
            step += 1
            options.pop(step, None)
            if step == len(plan):
                return growth.positions()
            if step > furthest:
                furthest, dead_ends = step, 0
        else:
            dead_ends += 1
            step = max(1, step - (1 if dead_ends % _PATIENCE else 1 + 2 * lenience))
            if step == 1:
                options.clear()
    raise EvaluationError(
        FailureCode.PACKING,
        "chain growth",
        f"{_MOST_STEPS_PER_BLOCK} steps per block did not grow a chain of {len(chain.sequence)} units beyond block "
        f"{furthest} of {len(plan)}.",
        hint="Try another seed, or a chain with fewer units.",
        retryable=True,
    )


class _Growth:
    """The part of a chain that stands, in order of placement."""

    def __init__(self, chain: Chain, plan: list[PlacedBlock], rng: np.random.Generator) -> None:
        self.plan, self.rng = plan, rng
        self.order = np.concatenate([block.atoms for block in plan])
        self.firsts = np.concatenate([[0], np.cumsum([len(block.atoms) for block in plan])])
        self.placed = np.zeros((chain.n_atoms, 3))
        self.following = np.zeros((len(plan), 3))
        self.numbers = chain.numbers[self.order]
        self.hard = contact_radii(self.numbers)
        self.radius = np.concatenate([block.shapes.radius for block in plan])
        self.well = np.concatenate([block.shapes.well for block in plan])
        self.threading = _Threading(chain, self.order, self.firsts)
        start = plan[0].shapes
        self.placed[: len(plan[0].atoms)] = start.positions[0]
        self.following[0] = start.following[0]

    def positions(self) -> Floats:
        """Positions in the chain's order of atoms."""
        ordered = np.empty_like(self.placed)
        ordered[self.order] = self.placed
        return ordered

    def options(self, step: int, lenience: int) -> Iterator[Floats]:
        """Placements of the block number `step` within the limits, which give way `lenience` times.

        A few, drawn without replacement in proportion to their weights; shape (m + 1, 3), the last the next head's.
        """
        positions = self._proposals(step)
        log_weights = self._log_weights(step, positions, max(_LEAST_SHARE, _LOCAL_SHARE * _NEARER**lenience))
        # Gumbel's trick.
        ranked = np.argsort(-(log_weights + self.rng.gumbel(size=len(log_weights))))
        return iter(positions[ranked[log_weights[ranked] > -_STRAIN * _MORE_STRAIN**lenience][:_TRIED]])

    def stands(self, step: int, positions: Floats) -> bool:
        """Put the block number `step` there; say whether no ring is pierced then."""
        self.placed[self.firsts[step] : self.firsts[step + 1]] = positions[:-1]
        self.following[step] = positions[-1]
        return not self.threading.pierced(step, self.placed)

    def _joint(self, step: int) -> tuple[Floats, Floats, Indices]:
        """Where the joint starts, its axes, and the places of the backbone's last two atoms."""
        shapes, first = self.plan[step - 1].shapes, self.firsts[step - 1]
        tail = first + shapes.tail
        # Of a block with one backbone atom, the one before is the tail of the block before.
        earlier = self.plan[step - 2].shapes.tail + self.firsts[step - 2]
        ahead = first + shapes.ahead if shapes.ahead >= 0 else earlier
        axes = frame(self.following[step - 1] - self.placed[tail], self.placed[ahead] - self.placed[tail])
        return self.placed[tail], axes, np.array([ahead, tail])

    def _proposals(self, step: int) -> Floats:
        """Shapes drawn by their weights and turned by torsions drawn by theirs; the last point is the next head's."""
        block = self.plan[step]
        shapes = block.shapes
        shape = self.rng.choice(len(shapes.probabilities), size=_TRIALS, p=shapes.probabilities)
        torsion = self.rng.choice(TORSIONS, size=_TRIALS, p=shapes.torsion_probabilities)
        torsion = torsion + self.rng.uniform(-0.5, 0.5, _TRIALS) * TORSIONS[1]
        local = np.concatenate([shapes.positions, shapes.following[:, None]], axis=1)[shape]
        origin, axes, _ = self._joint(step)
        turned = np.einsum("kij,kmj->kmi", rotation_about_x(torsion), local)
        turned[:, :, 0] += block.joint_length[shape][:, None]
        positions: Floats = turned @ axes + origin
        return positions

    def _log_weights(self, step: int, positions: Floats, share: float) -> Floats:
        """Minus the energy over kT of each trial, minus infinity where it overlaps.

        The next block's head counts along: the torsion that is tried here decides where it comes to stand.
        """
        first, last = self.firsts[step], self.firsts[step + 1]
        new = np.arange(first, last)
        if step + 1 < len(self.plan):
            new = np.append(new, last + self.plan[step + 1].shapes.head)
        trials, count = len(positions), len(new)
        atoms = positions[:, :count].reshape(-1, 3)
        window = self.firsts[max(0, step - _LOCAL_BLOCKS)]
        far = self._within_reach(atoms, window)
        crowd = np.zeros(trials, dtype=bool)
        if len(far):
            distances = cdist(atoms, self.placed[far]).reshape(trials, count, len(far))
            limit = min(1.0, share / _LOCAL_SHARE + 0.2) * (self.hard[new, None] + self.hard[far])
            crowd = (distances < limit).any(axis=(1, 2))
        near = np.arange(window, first)
        counted = self._counted(step, near, count)
        distances = cdist(atoms, self.placed[window:first]).reshape(trials, count, len(near))
        touch = distances < share * (self.hard[new, None] + self.hard[near])
        crowd |= (touch & counted).any(axis=(1, 2))
        radius = (self.radius[new, None] + self.radius[near]) / 2
        well = np.sqrt(self.well[new, None] * self.well[near]) * counted
        energies = pair_energies(distances, radius, well).sum(axis=(1, 2))
        return np.where(crowd, -np.inf, -energies / THERMAL_ENERGY)

    def _within_reach(self, atoms: Floats, window: int) -> Indices:
        """Placed atoms before `window` that may be near one of `atoms`."""
        middle = atoms.mean(axis=0)
        reach = np.sqrt(((atoms - middle) ** 2).sum(axis=1).max()) + 2 * self.hard.max()
        return np.flatnonzero(((self.placed[:window] - middle) ** 2).sum(axis=1) < reach**2)

    def _counted(self, step: int, near: Indices, count: int) -> NDArray[np.bool_]:
        """Which pairs of a new atom and one of `near` the joint has not fixed already, shape (count, len(near))."""
        ahead, tail = self._joint(step)[2]
        counted = np.ones((count, len(near)), dtype=bool)
        counted[:, near == tail] = False
        head = self.plan[step].shapes.head
        counted[head, (near >= self.firsts[step - 1]) | (near == ahead)] = False
        return counted

    def ease(self, step: int) -> bool:
        """Relax the last blocks up to number `step`, unless a ring is pierced then; say whether it was done.

        As many blocks before them are there to be kept clear of, and stay where they are.
        """
        following = step + 1
        first, moving = (int(self.firsts[max(0, following - blocks)]) for blocks in (2 * _EASED, _EASED))
        last = int(self.firsts[following])
        bonds, rings = self.threading.between(first, last)
        points, numbers = self.placed[first:last], self.numbers[first:last]
        if following < len(self.plan):
            # The place that waits for the next head belongs to the chain already.
            tail = self.firsts[step] + self.plan[step].shapes.tail - first
            bonds = np.concatenate([bonds, [[tail, last - first]]])
            points = np.concatenate([points, self.following[step:following]])
            numbers = np.append(numbers, self.numbers[last + self.plan[following].shapes.head])
        eased = relax(points, numbers, bonds, fixed=moving - first)
        if len(pierced_rings(eased, bonds, rings)):
            return False
        self.placed[first:last] = eased[: last - first]
        self.following[step] = eased[-1]
        return True


class _Threading:
    """Which bonds and rings are complete after each step, and whether the newest pierce or are pierced."""

    def __init__(self, chain: Chain, order: Indices, firsts: Indices) -> None:
        place = np.argsort(order)
        self.bonds = np.sort(place[chain.bonds], axis=1)
        self.bonds = self.bonds[np.argsort(self.bonds[:, 1], kind="stable")]
        self.n_bonds = np.searchsorted(self.bonds[:, 1], firsts)
        rings = sorted((place[ring] for ring in chain.rings), key=np.max)
        self.rings: list[Indices] = rings
        self.n_rings = np.searchsorted([ring.max() for ring in rings], firsts) if rings else np.zeros_like(firsts)

    def between(self, first: int, last: int) -> tuple[Indices, list[Indices]]:
        """Bonds and rings among the atoms placed as number `first` to `last` - 1, counted from `first`."""
        bonds = self.bonds[(self.bonds[:, 0] >= first) & (self.bonds[:, 1] < last)] - first
        return bonds, [ring - first for ring in self.rings if ring.min() >= first and ring.max() < last]

    def pierced(self, step: int, placed: Floats) -> bool:
        """Whether a bond that came with this step runs through a ring, or any bond through a ring that came with it."""
        if not self.rings:
            return False
        bonds, rings = self.n_bonds[step : step + 2], self.n_rings[step : step + 2]
        new_bonds, all_bonds = self.bonds[bonds[0] : bonds[1]], self.bonds[: bonds[1]]
        new_rings, old_rings = self.rings[rings[0] : rings[1]], self.rings[: rings[0]]
        return bool(
            len(pierced_rings(placed, new_bonds, old_rings)) or len(pierced_rings(placed, all_bonds, new_rings))
        )
