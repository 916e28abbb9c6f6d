"""Conformers of blocks: a few rigid shapes with their statistical weights, ready to be joined to a growing chain."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase
from rdkit.Chem import rdDistGeom

from polyloop.core.constants import GAS_CONSTANT_KCAL_OF_GROWTH
from polyloop.core.errors import EvaluationError, FailureCode
from polyloop.simulate.cells.fragment import Fragment
from polyloop.simulate.cells.strain import Strain

__all__ = ["THERMAL_ENERGY", "TORSIONS", "BlockShapes", "block_shapes", "frame", "methyl_shapes", "rotation_about_x"]

Floats = NDArray[np.float64]

# kcal/mol at 413 K, where the characteristic ratios of polyethylene and polystyrene melts are tabulated.
THERMAL_ENERGY = GAS_CONSTANT_KCAL_OF_GROWTH * 413.0
TORSIONS = np.radians(np.arange(0.0, 360.0, 5.0))
_MOST_SHAPES = 12
_SEED = 20261120


@dataclass(frozen=True)
class BlockShapes:
    """c rigid shapes of a block of m atoms.

    In each the head stands at the origin, the atom that it is joined to on the negative x axis, and the next backbone
    atom in the half plane z = 0, y > 0.

    Parameters
    ----------
    positions
        In angstrom, shape (c, m, 3).
    following
        Where the next block's head comes to stand, shape (c, 3).
    probabilities
        Statistical weights, shape (c,).
    joint_length
        Length of the bond to the block before in angstrom, shape (c,).
    torsion_probabilities
        Of the torsion before - previous - head - after at `TORSIONS`.
    head, tail, ahead
        Place in the block of the first and the last backbone atom and of the backbone atom before the last; `ahead` is
        -1 where it is the atom that the block is joined to.
    radius, well
        Van der Waals minimum distance (angstrom) and depth (kcal/mol) of each atom, shape (m,).
    """

    positions: Floats
    following: Floats
    probabilities: Floats
    joint_length: Floats
    torsion_probabilities: Floats
    head: int
    tail: int
    ahead: int
    radius: Floats
    well: Floats

    def mirrored(self) -> BlockShapes:
        """The mirror image."""
        flip = np.array([1.0, 1.0, -1.0])
        return replace(
            self,
            positions=self.positions * flip,
            following=self.following * flip,
            torsion_probabilities=np.roll(self.torsion_probabilities[::-1], 1),
        )


@lru_cache(maxsize=512)
def block_shapes(fragment: Fragment) -> BlockShapes:
    """Embed a fragment (ETKDG, then a force field without charges) and weigh its shapes and its torsion.

    The same fragment always gives the same shapes.

    Raises
    ------
    EvaluationError
        If no three-dimensional structure can be made.
    """
    if fragment.centres and fragment.centres[0].sign < 0:
        return block_shapes(fragment.mirrored()).mirrored()
    mol = fragment.mol
    with rdBase.BlockLogs():
        _embed(mol, _number_of_shapes(mol, fragment.n_block))
        strain = Strain(mol)
        energies = np.array([strain.minimize(conformer.GetId()) for conformer in mol.GetConformers()])
        placed = np.array([_in_joint_frame(shape.GetPositions(), fragment) for shape in mol.GetConformers()])
        torsion_energies = strain.torsion_profile(_turned_before(placed[energies.argmin()], fragment))
        radius, well = strain.van_der_waals(fragment.n_block)
    return BlockShapes(
        positions=placed[:, : fragment.n_block],
        following=placed[:, fragment.following],
        probabilities=_tempered(energies),
        joint_length=-placed[:, fragment.previous, 0],
        torsion_probabilities=_boltzmann(torsion_energies),
        head=fragment.head,
        tail=fragment.tail,
        ahead=fragment.ahead if fragment.ahead < fragment.n_block else -1,
        radius=radius,
        well=well,
    )


@lru_cache(maxsize=64)
def methyl_shapes(partner: int) -> BlockShapes:
    """Return the methyl group that ends a chain, joined to an atom with the atomic number `partner`."""
    fan = np.array([0.0, 2 * np.pi / 3, 4 * np.pi / 3])
    hydrogens = 1.09 * np.column_stack([np.full(3, 1 / 3), np.sqrt(8) / 3 * np.cos(fan), np.sqrt(8) / 3 * np.sin(fan)])
    table = Chem.GetPeriodicTable()
    length = table.GetRcovalent(6) + table.GetRcovalent(partner)
    return BlockShapes(
        positions=np.concatenate([np.zeros((1, 3)), hydrogens])[None],
        following=np.array([[-length, 0.0, 0.0]]),
        probabilities=np.ones(1),
        joint_length=np.array([length]),
        torsion_probabilities=np.full(len(TORSIONS), 1 / len(TORSIONS)),
        head=0,
        tail=0,
        ahead=1,
        radius=np.array([3.94, 2.97, 2.97, 2.97]),  # MMFF94, types CR and HC
        well=np.array([0.068, 0.022, 0.022, 0.022]),
    )


def rotation_about_x(angles: Floats) -> Floats:
    """Return right-handed rotations about the x axis by `angles` in radians, shape (k,), as matrices (k, 3, 3)."""
    cosine, sine = np.cos(angles), np.sin(angles)
    rotations = np.zeros((len(angles), 3, 3))
    rotations[:, 0, 0] = 1.0
    rotations[:, 1, 1] = rotations[:, 2, 2] = cosine
    rotations[:, 1, 2], rotations[:, 2, 1] = -sine, sine
    return rotations


def _embed(mol: Chem.Mol, count: int) -> None:
    parameters = rdDistGeom.ETKDGv3()
    parameters.randomSeed = _SEED  # type: ignore[assignment]
    if rdDistGeom.EmbedMultipleConfs(mol, count, parameters):
        return
    parameters.useRandomCoords = True  # type: ignore[assignment]
    parameters.maxIterations = 200  # type: ignore[assignment]
    if not rdDistGeom.EmbedMultipleConfs(mol, count, parameters):
        raise EvaluationError(
            FailureCode.CONFORMER,
            "chain growth",
            f"No three-dimensional structure was found for the piece {Chem.MolToSmiles(Chem.RemoveHs(mol))}.",
            hint="Check the stereo of the repeat unit: its rings may not allow it.",
        )


def _number_of_shapes(mol: Chem.Mol, n_block: int) -> int:
    """Two, and four more for each bond that turns and each ring that puckers inside the block."""
    turning = Chem.MolFromSmarts("[!$([*;D1])&!$([CX4H3])]-&!@[!$([*;D1])&!$([CX4H3])]")
    turns = sum(max(pair) < n_block for pair in mol.GetSubstructMatches(turning))
    puckers = sum(
        max(ring) < n_block and not all(mol.GetAtomWithIdx(atom).GetIsAromatic() for atom in ring)
        for ring in mol.GetRingInfo().AtomRings()
    )
    return int(min(_MOST_SHAPES, 2 + 4 * (turns + puckers)))


def _in_joint_frame(positions: Floats, fragment: Fragment) -> Floats:
    origin = positions[fragment.head]
    axes = frame(origin - positions[fragment.previous], positions[fragment.after] - origin)
    placed: Floats = (positions - origin) @ axes.T
    return placed


def frame(along: Floats, aside: Floats) -> Floats:
    """Return right-handed axes as rows, shape (3, 3): x along the first vector, y towards the second.

    Where the two are parallel, y is some direction normal to them.
    """
    x = along / np.linalg.norm(along)
    y = aside - (aside @ x) * x
    if np.linalg.norm(y) < 1e-3 * np.linalg.norm(aside):
        y = np.eye(3)[np.abs(x).argmin()]
        y = y - (y @ x) * x
    y /= np.linalg.norm(y)
    return np.array([x, y, np.cross(x, y)])


def _turned_before(placed: Floats, fragment: Fragment) -> Floats:
    """The fragment with everything before the joint turned so that the torsion takes each of `TORSIONS`."""
    bonded: dict[int, list[int]] = {}
    for first, second, _ in fragment.bonds:
        bonded.setdefault(first, []).append(second)
        bonded.setdefault(second, []).append(first)
    turning, edge = {fragment.head, fragment.previous}, [fragment.previous]
    while edge:
        edge = [other for atom in edge for other in bonded[atom] if other not in turning]
        turning.update(edge)
    moved = sorted(turning - {fragment.head})
    present = np.arctan2(placed[fragment.before, 2], placed[fragment.before, 1])
    turned = np.repeat(placed[None], len(TORSIONS), axis=0)
    turned[:, moved] = np.einsum("kij,mj->kmi", rotation_about_x(-TORSIONS - present), placed[moved])
    return turned


def _boltzmann(energies: Floats, thermal_energy: float = THERMAL_ENERGY) -> Floats:
    weights: Floats = np.exp(-(energies - energies.min()) / thermal_energy)
    weights /= weights.sum()
    return weights


def _tempered(energies: Floats) -> Floats:
    """Boltzmann weights, as hot as makes the effective number of shapes at least half their number.

    A dozen shapes of a large side group are no sample of its states: at the true temperature the lowest alone would
    stand for all.
    """
    thermal_energy = THERMAL_ENERGY
    while True:
        weights = _boltzmann(energies, thermal_energy)
        if 1.0 / (weights**2).sum() >= len(energies) / 2:
            return weights
        thermal_energy *= 1.25
