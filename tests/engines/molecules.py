"""Small molecules with fixed geometries, in angstrom, for the tests of the engines."""

import numpy as np

from polyloop.chem import Geometry


def _geometry(symbols: str, coordinates: list[list[float]], charge: int = 0) -> Geometry:
    return Geometry(tuple(symbols.split()), np.array(coordinates), charge)


def _tetrahedron(centre: str, corners: str, bonds: list[float]) -> Geometry:
    directions = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / np.sqrt(3.0)
    positions = np.vstack([np.zeros(3), directions * np.array(bonds)[:, None]])
    return Geometry((centre, *corners.split()), positions)


WATER = _geometry("O H H", [[0, 0, 0.1173], [0, 0.7572, -0.4692], [0, -0.7572, -0.4692]])
PHOSPHINE = _geometry("P H H H", [[0, 0, 0.13], [1.19, 0, -0.64], [-0.595, 1.031, -0.64], [-0.595, -1.031, -0.64]])
METHANETHIOL = _geometry(
    "C S H H H H",
    [[-0.047, 1.149, 0], [-0.047, -0.665, 0], [1.281, -0.824, 0], [-1.093, 1.458, 0], [0.431, 1.541, 0.894],
     [0.431, 1.541, -0.894]],
)  # fmt: skip
METHANE = _tetrahedron("C", "H H H H", [1.087] * 4)
SILANE = _tetrahedron("Si", "H H H H", [1.480] * 4)
BROMOMETHANE = _tetrahedron("C", "Br H H H", [1.934, 1.082, 1.082, 1.082])
IODOMETHANE = _tetrahedron("C", "I H H H", [2.136, 1.084, 1.084, 1.084])
SMALL = {
    "water": WATER,
    "methane": METHANE,
    "silane": SILANE,
    "phosphine": PHOSPHINE,
    "methanethiol": METHANETHIOL,
    "bromomethane": BROMOMETHANE,
    "iodomethane": IODOMETHANE,
}
