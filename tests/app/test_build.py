"""`polyloop build`: a cell in a file, by a repeat unit alone; bad input exits 1 with a message."""

import pytest

from polyloop.chem.formats import read_lammps_data


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


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["*CC", "-o", "cell.data"], "*CC"),
        (["*CC*", "-o", "cell.docx"], "There is no format for 'cell.docx'"),
        (["*CC*", "--dp", "2", "--atoms", "50", "-o", "cell.data"], "--dp or --atoms"),
        (["*CC*", "--dp", "0", "-o", "cell.data"], "--dp"),
        (["*CC*", "--dp", "2", "--density", "-1", "-o", "cell.data"], "density of -1"),
        (["*CC*", "--dp", "2", "--tacticity", "tactic", "-o", "cell.data"], "tacticity 'tactic'"),
        (["*CC*", "--dp", "2", "--charges", "am1", "-o", "cell.data"], "'am1'"),
        (["*=CC=*", "--dp", "2", "-o", "cell.data"], "single bonds"),
        (["*CC*", "--dp", "2"], "--output"),
    ],
)
def test_bad_input_exits_1_and_says_what_is_wrong(polyloop, tmp_path, arguments, said):
    ran = polyloop("build", *arguments)
    assert ran.code == 1
    assert said in ran.err
    assert not list(tmp_path.glob("cell.*"))
