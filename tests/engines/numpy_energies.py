"""The force field's energy written down a second time, term by term, in plain NumPy; for tests."""

import numpy as np

COULOMB = 332.0637133  # kcal angstrom/(mol e2), from CODATA 2018


def bonded(topology, x):
    i, j = topology.bonds.T
    bond = topology.bond_k @ (np.linalg.norm(x[i] - x[j], axis=1) - topology.bond_r0) ** 2
    a, b, c = (x[column] for column in topology.angles.T)
    cosine = np.sum(unit(a - b) * unit(c - b), axis=1)
    angle = topology.angle_k @ (np.arccos(cosine) - np.radians(topology.angle_theta0)) ** 2
    phi = torsion(x, topology.dihedrals)[topology.term_dihedral]
    dihedral = topology.term_k @ (1 + np.cos(topology.term_n * phi - np.radians(topology.term_phase)))
    phi = torsion(x, topology.impropers)
    improper = topology.improper_k @ (1 + topology.improper_sign * np.cos(topology.improper_n * phi))
    return {"bond": bond, "angle": angle, "dihedral": dihedral, "improper": improper}


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def torsion(x, atoms):
    """IUPAC: trans is 180 degrees, and positive is clockwise along the middle bond."""
    a, b, c, d = (x[column] for column in atoms.T)
    first, second = np.cross(b - a, c - b), np.cross(c - b, d - c)
    return np.arctan2(np.sum(np.cross(first, second) * unit(c - b), axis=1), np.sum(first * second, axis=1))


def pair_weights(topology, fraction_14):
    """(n, n): 0 for excluded pairs and self, `fraction_14` for 1-4, else 1."""
    weights = 1 - np.eye(topology.n_atoms)
    for pairs, weight in ((topology.excluded, 0.0), (topology.pairs_14, fraction_14)):
        weights[pairs[:, 0], pairs[:, 1]] = weights[pairs[:, 1], pairs[:, 0]] = weight
    return weights


def nearest(x, box):
    d = x[:, None] - x
    return d - box * np.round(d / box)


def lennard_jones(topology, x, box, cutoff):
    r = np.linalg.norm(nearest(x, box), axis=-1) + 1e9 * np.eye(len(x))
    x6 = (0.5 * (topology.sigma[:, None] + topology.sigma) / r) ** 6
    energy = 4 * np.sqrt(np.outer(topology.epsilon, topology.epsilon)) * (x6**2 - x6)
    return 0.5 * np.sum(pair_weights(topology, 0.5) * energy * (r < cutoff))


def tail(topology, volume, cutoff, counts):
    """Mean over the pairs (n, n) that `counts` marks of the integral beyond the cut-off, for uniform density."""
    s6 = (0.5 * (topology.sigma[:, None] + topology.sigma)) ** 6
    epsilon = np.sqrt(np.outer(topology.epsilon, topology.epsilon))
    integral = epsilon * (s6**2 / (9 * cutoff**9) - s6 / (3 * cutoff**3))
    return 8 * np.pi * topology.n_atoms**2 / volume * integral[counts(topology)].mean()


def all_pairs(topology):
    """All i and j, as LAMMPS counts them."""
    return np.ones((topology.n_atoms,) * 2, dtype=bool)


def pairs_once(topology):
    """Those with i <= j, as OpenMM counts them (its user guide, section 19.6.2)."""
    return np.triu(all_pairs(topology))


def pairs_apart(topology):
    """Those that are neither excluded nor 1-4, as GROMACS counts them."""
    return pair_weights(topology, 0.0) == 1


def ewald(topology, x, box, alpha=0.35, largest=14):
    """Coulomb energy of the periodic cell by a plain Ewald sum, with tin-foil boundary (any alpha gives the same)."""
    from scipy.special import erf, erfc

    q, weights = topology.charges, pair_weights(topology, 5 / 6)
    r = np.linalg.norm(nearest(x, box), axis=-1) + 1e9 * np.eye(len(x))
    # What a weight takes away of a pair, the reciprocal part has put in as erf.
    real = 0.5 * q @ (np.where(weights == 1, erfc(alpha * r), weights - erf(alpha * r)) / r * (1 - np.eye(len(x)))) @ q
    side = np.arange(-largest, largest + 1)
    waves = 2 * np.pi * np.stack(np.meshgrid(side, side, side), axis=-1).reshape(-1, 3) / box
    square = np.sum(waves**2, axis=1)
    waves, square = waves[square > 0], square[square > 0]
    structure = np.exp(1j * waves @ x.T) @ q
    reciprocal = 2 * np.pi / np.prod(box) * np.sum(np.exp(-square / (4 * alpha**2)) / square * np.abs(structure) ** 2)
    own = -alpha / np.sqrt(np.pi) * np.sum(q**2) - np.pi / (2 * alpha**2 * np.prod(box)) * q.sum() ** 2
    return COULOMB * (real + reciprocal + own)
