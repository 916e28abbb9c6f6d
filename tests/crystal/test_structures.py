"""Crystal structures: read, checked, written, and one line for every setting."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyloop.core import InvalidInputError, parse_subject
from polyloop.core.subject import KINDS
from polyloop.crystal.structures.canonical import canonical_text, read_canonical
from polyloop.crystal.structures.cif import cif_text, read_cif, read_cif_file, write_cif
from polyloop.crystal.structures.structure import CrystalStructure, cell_parameters, lattice_of, shortest_distance
from polyloop.crystal.structures.symmetry import conventional, primitive, symmetry_of

pytest.importorskip("moyopy")

# Rutile, TiO2: a = 4.594, c = 2.959 angstrom, u = 0.305, group 136, 2a and 4f (Wyckoff, Crystal Structures, vol. 1).
U = 0.305
RUTILE = CrystalStructure(
    np.diag([4.594, 4.594, 2.959]),
    np.array([[0, 0, 0], [0.5, 0.5, 0.5], [U, U, 0], [-U, -U, 0], [0.5 + U, 0.5 - U, 0.5], [0.5 - U, 0.5 + U, 0.5]]),
    ("Ti", "Ti", "O", "O", "O", "O"),
)
SALT_CIF = """
data_NaCl
_cell_length_a 5.6402(3)
_cell_length_b 5.6402(3)
_cell_length_c 5.6402(3)
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 90
_symmetry_space_group_name_H-M 'F m -3 m'
{symmetry}
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Na1 Na1+ 0 0 0 {occupancy}
Cl1 Cl1- 0.5 0.5 0.5 1
"""
F_CENTRED = "loop_\n_symmetry_equiv_pos_as_xyz\n'x,y,z'\n'x,y+1/2,z+1/2'\n'x+1/2,y,z+1/2'\n'x+1/2,y+1/2,z'"


def disguised(structure: CrystalStructure, seed: int) -> CrystalStructure:
    """Another cell, origin, orientation and order of atoms, and sometimes a double cell, of the same crystal."""
    rng = np.random.default_rng(seed)
    change = np.eye(3)
    for _ in range(3):
        first, second = rng.choice(3, 2, replace=False)
        change[first] += rng.integers(-1, 2) * change[second]
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn[:, 0] *= np.sign(np.linalg.det(turn))
    lattice, fractional = change @ structure.lattice @ turn, structure.fractional @ np.linalg.inv(change)
    fractional, order = fractional + rng.random(3), rng.permutation(len(structure))
    symbols = tuple(structure.symbols[place] for place in order)
    if seed % 2:
        return CrystalStructure(lattice, fractional[order], symbols)
    doubled = np.vstack([fractional[order] * [0.5, 1, 1], fractional[order] * [0.5, 1, 1] + [0.5, 0, 0]])
    return CrystalStructure(lattice * np.array([[2], [1], [1]]), doubled, symbols * 2)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000))
def test_every_setting_of_a_structure_has_one_line_and_one_key(seed: int) -> None:
    other = read_cif(cif_text(disguised(RUTILE, seed)))
    assert other.canonical == RUTILE.canonical
    assert other.subject.key == RUTILE.subject.key


def test_a_canonical_line_is_its_own_and_another_structure_has_another() -> None:
    line = canonical_text(RUTILE)
    assert read_canonical(line).canonical == line
    assert parse_subject("crystal", line).text == line
    assert RUTILE.scaled(RUTILE.volume * 1.01).canonical != line
    assert RUTILE.with_elements({"Ti": "Sn", "O": "O"}).canonical != line


def test_the_space_group_and_the_cells_of_rutile_are_those_of_the_tables() -> None:
    found = symmetry_of(RUTILE)
    assert found.number == 136 and sorted(found.wyckoff_letters) == ["a", "a", "f", "f", "f", "f"]
    salt = read_cif(SALT_CIF.format(symmetry=F_CENTRED, occupancy=1))
    assert len(salt) == 8 and symmetry_of(salt).number == 225
    assert len(primitive(salt)) == 2 and len(conventional(primitive(salt))) == 8


def test_a_cif_with_its_symmetry_written_out_and_one_with_a_name_alone_are_the_same_crystal() -> None:
    pytest.importorskip("pymatgen.core")
    expanded = read_cif(SALT_CIF.format(symmetry=F_CENTRED, occupancy=1))
    named = read_cif(SALT_CIF.format(symmetry="", occupancy=1))
    assert expanded.canonical == named.canonical
    assert expanded.composition.canonical == "NaCl" and expanded.formula_units == 4


def test_a_written_cif_is_read_as_what_it_was(tmp_path: Path) -> None:
    write_cif(RUTILE, tmp_path / "r.cif", notes=["rank 1"])
    again = read_cif_file(tmp_path / "r.cif")
    assert np.allclose(again.lattice, RUTILE.lattice) and np.allclose(again.fractional, RUTILE.fractional)
    assert again.symbols == RUTILE.symbols
    assert KINDS.find("crystal").parse(str(tmp_path / "r.cif")).canonical == RUTILE.canonical


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("4 4 4 90 90 90", "a bar, and atoms"),
        ("4 4 4 90 90 | Na 0 0 0", "three lengths, three angles"),
        ("4 4 4 90 90 90 | Na 0 x 0", "cannot be read"),
        ("4 4 4 90 90 90 | Xx 0 0 0", "no element 'Xx'"),
        ("4 4 4 90 90 90 | Na 0 0 0; Cl 0.05 0 0", "closer than any bond"),
        ("4 4 4 150 150 150 | Na 0 0 0", "No cell has the angles"),
        ("40 40 40 90 90 90 | Na 0 0 0", "Each atom has"),
        ("4 4 0.1 90 90 90 | Na 0 0 0", "flat"),
        ("nowhere.cif", "no such file"),
    ],
)
def test_what_is_no_structure_is_refused_with_a_word(text: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        KINDS.find("crystal").parse(text)


@pytest.mark.parametrize(
    ("cif", "said"),
    [
        (SALT_CIF.format(symmetry=F_CENTRED, occupancy=0.5), "occupied by 0.5"),
        (SALT_CIF.format(symmetry="loop_\n_symmetry_equiv_pos_as_xyz\n'x,y'", occupancy=1), None),
        (SALT_CIF.format(symmetry=F_CENTRED.replace("x,y+1/2", "x,q+1/2"), occupancy=1), "no symmetry operation"),
        (SALT_CIF.format(symmetry=F_CENTRED, occupancy=1).replace("_cell_length_b", "_cell_b"), "_cell_length_b"),
        ("data_x\n_cell_length_a 3\n", "no coordinates"),
    ],
)
def test_a_cif_that_cannot_be_used_says_why(cif: str, said: str | None) -> None:
    if said is None:
        assert len(read_cif(cif)) == 2  # one operation alone is the identity, whatever it says
        return
    with pytest.raises(InvalidInputError, match=said):
        read_cif(cif)


@given(st.lists(st.floats(2.0, 30.0), min_size=3, max_size=3), st.lists(st.floats(65, 115), min_size=3, max_size=3))
def test_lengths_and_angles_make_the_lattice_that_has_them(lengths: list[float], angles: list[float]) -> None:
    parameters = np.array([*lengths, *angles])
    assert cell_parameters(lattice_of(parameters)) == pytest.approx(parameters, rel=1e-6)


def test_the_shortest_distance_is_that_of_brute_force() -> None:
    rng = np.random.default_rng(1)
    images = np.stack(np.meshgrid(*[np.arange(-4, 5)] * 3, indexing="ij"), -1).reshape(-1, 3)
    for _ in range(10):
        lattice = np.diag([3.0, 4.0, 5.0]) + rng.normal(size=(3, 3)) * 0.6
        fractional = rng.random((3, 3))
        apart = (fractional[:, None, None] - fractional[None, :, None] + images) @ lattice
        lengths = np.linalg.norm(apart, axis=-1)
        assert shortest_distance(lattice, fractional) == pytest.approx(lengths[lengths > 1e-9].min())
