"""`polyloop build`: a cell in a file, by repeat units alone; bad input exits 1 with a message."""

import numpy as np
import pytest

from polyloop.chem.formats import read_lammps_data
from polyloop.simulate.cells import pierced_rings, smallest_contact, smallest_rings


def test_build_writes_a_cell_that_can_be_read_again(polyloop, tmp_path):
    ran = polyloop("build", "*CC*", "--chains", "2", "--dp", "4", "--density", "0.1", "-o", "cell.data")
    assert ran.code == 0
    assert ran.out == "cell.data\n"
    assert "2 chains of 4 units, 64 atoms" in ran.err
    topology = read_lammps_data(tmp_path / "cell.data").topology
    assert topology.n_atoms == 64
    assert abs(topology.charges.sum()) < 1e-6 < abs(topology.charges).max()


def test_the_seed_decides_the_file(polyloop, tmp_path):
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        polyloop("build", "*CC*", "--chains", "1", "--atoms", "40", "--seed", seed, "-o", f"{name}.pdb")
    first, again, other = ((tmp_path / f"{name}.pdb").read_text() for name in "abc")
    assert first == again != other


def test_charges_can_be_left_out(polyloop, tmp_path):
    polyloop("build", "*CC*", "--chains", "1", "--dp", "3", "--charges", "none", "-o", "cell.data")
    assert not read_lammps_data(tmp_path / "cell.data").topology.charges.any()


def test_a_picture_is_a_format_like_the_others(polyloop, tmp_path):
    ran = polyloop("build", "*CC*", "--chains", "2", "--dp", "4", "--charges", "none", "-o", "cell.png")
    assert (ran.code, ran.out) == (0, "cell.png\n")
    assert (tmp_path / "cell.png").read_bytes().startswith(b"\x89PNG")


def chlorines(topology, molecule):
    """Which carbons along a chain bear a chlorine, as text: of *CC* and *CC(*)Cl the sequence of units."""
    inside = np.flatnonzero(topology.molecule == molecule)
    bearers = {int(atom) for bond in topology.bonds for atom in bond if (topology.numbers[bond] == 17).any()}
    carbons = [int(atom) for atom in inside if topology.numbers[atom] == 6][1:-1]
    return "".join("Cl" if second in bearers else "H" for second in carbons[1::2])


@pytest.mark.parametrize(
    ("arrangement", "fractions", "wanted"),
    [("alternating", None, "HClHClHClHCl"), ("block", "0.75,0.25", "HHHHHHClCl")],
)
def test_a_copolymer_is_written_with_its_sequence(polyloop, tmp_path, arrangement, fractions, wanted):
    shares = () if fractions is None else ("--fractions", fractions)
    ran = polyloop(
        "build", "*CC*", "*CC(*)Cl", "--arrangement", arrangement, *shares,
        "--chains", "2", "--dp", "8", "--tacticity", "isotactic", "-o", "cell.data",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "2 chains of 8 units (" in ran.err
    topology = read_lammps_data(tmp_path / "cell.data").topology
    assert topology.n_molecules == 2
    assert [chlorines(topology, number) for number in range(2)] == [wanted] * 2
    assert np.bincount(topology.molecule, topology.charges) == pytest.approx([0.0, 0.0], abs=1e-5)


def test_a_random_copolymer_has_its_composition_and_chains_of_its_own_from_the_seed(polyloop, tmp_path):
    arguments = ("build", "*CC*", "*CC(*)Cl", "--arrangement", "random", "--fractions", "0.7,0.3", "--chains", "3")
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        assert polyloop(*arguments, "--dp", "20", "--seed", seed, "-o", f"{name}.data").code == 0
    first, again, other = ((tmp_path / f"{name}.data").read_text() for name in "abc")
    assert first == again != other
    one, two = (read_lammps_data(tmp_path / f"{name}.data").topology for name in "ac")
    sequences = [chlorines(topology, number) for topology in (one, two) for number in range(3)]
    assert len(set(sequences)) == 6
    assert {(text.count("H"), text.count("Cl")) for text in sequences} == {(14, 6)}


def test_a_blend_with_salt_is_neutral_has_no_overlap_and_threads_no_ring(polyloop, tmp_path):
    ran = polyloop(
        "build", "*CC*", "*CC(*)c1ccccc1", "--blend", "--fractions", "0.6,0.4", "--ions", "3", "--charges", "none",
        "--chains", "5", "--atoms", "100", "--density", "0.15", "-o", "cell.data",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert "3 chains of 15 units *CC*, 2 chains of 6 units *CC(*)c1ccccc1, 3 Na+ and 3 Cl-" in ran.err
    cell = read_lammps_data(tmp_path / "cell.data")
    topology = cell.topology
    sizes = np.bincount(topology.molecule).tolist()
    assert sizes == [98] * 3 + [104] * 2 + [1] * 6
    assert topology.numbers[-6:].tolist() == [11] * 3 + [17] * 3
    assert topology.charges[-6:].tolist() == [1.0] * 3 + [-1.0] * 3
    assert topology.charges.sum() == pytest.approx(0.0, abs=1e-6)
    rings = smallest_rings(topology.n_atoms, topology.bonds)
    assert len(rings) == 12
    assert len(pierced_rings(cell.positions, topology.bonds, rings, cell.box)) == 0
    assert smallest_contact(cell.positions, topology.bonds, cell.box) > 1.6


@pytest.mark.parametrize("suffix", ["gro", "xml", "pdb", "xyz", "png"])
def test_every_format_takes_copolymers_and_salt(polyloop, tmp_path, suffix):
    ran = polyloop(
        "build", "*CC*", "*CC(*)Cl", "--arrangement", "block", "--ions", "1", "--chains", "2", "--dp", "4",
        "-o", f"cell.{suffix}",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert (tmp_path / f"cell.{suffix}").stat().st_size


TWO = ["*CC*", "*CC(*)C"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([*TWO, "-o", "cell.data"], "either a copolymer or a blend"),
        ([*TWO, "--blend", "--arrangement", "block", "-o", "cell.data"], "not both"),
        ([*TWO, "--arrangement", "gradient", "-o", "cell.data"], "There is no arrangement 'gradient'"),
        ([*TWO, "--arrangement", "alternating", "--fractions", "0.7,0.3", "-o", "cell.data"], "equal shares"),
        ([*TWO, "--arrangement", "block", "--fractions", "0.7,0.4", "-o", "cell.data"], "add up to 1.1"),
        ([*TWO, "--blend", "--fractions", "0.7;0.3", "-o", "cell.data"], "'0.7;0.3' are no fractions"),
        ([*TWO, "--blend", "--fractions", "1", "-o", "cell.data"], "not 1 (1)"),
        ([*TWO, "--blend", "--chains", "1", "-o", "cell.data"], "none would be"),
        ([*TWO[:1], "*CC", "--blend", "-o", "cell.data"], "SMILES number 2"),
        ([*TWO, "--blend", "--charges", "am1", "-o", "cell.data"], "'am1'"),
        (["*CC*", "--arrangement", "random", "-o", "cell.data"], "One repeat unit has no arrangement"),
        (["*CC*", "--blend", "-o", "cell.data"], "One repeat unit has no blend"),
        (["*CC*", "--fractions", "1.0", "-o", "cell.data"], "One repeat unit has no fractions"),
        (["*CC*", "--ions", "-1", "-o", "cell.data"], "--ions"),
        (["-o", "cell.data"], "SMILES"),
        (["*CC", "-o", "cell.data"], "*CC"),
        (["*CC*", "-o", "cell.docx"], "There is no format for 'cell.docx'"),
        (["*CC*", "--dp", "2", "--atoms", "50", "-o", "cell.data"], "--dp or --atoms"),
        (["*CC*", "--dp", "0", "-o", "cell.data"], "--dp"),
        (["*CC*", "--dp", "2", "--density", "-1", "-o", "cell.data"], "density of -1"),
        (["*CC*", "--dp", "2", "--tacticity", "tactic", "-o", "cell.data"], "tacticity 'tactic'"),
        (["*CC*", "--dp", "2", "--charges", "am1", "-o", "cell.data"], "'am1'"),
        (["*=C=*", "--dp", "2", "-o", "cell.data"], "single bonds"),
        (["*CC*", "--dp", "2"], "--output"),
    ],
)
def test_bad_input_exits_1_and_says_what_is_wrong(polyloop, tmp_path, arguments, said):
    ran = polyloop("build", *arguments)
    assert ran.code == 1
    assert said in ran.err
    assert not list(tmp_path.glob("cell.*"))
