"""File formats: what is written says the same to the programs that read it, and LAMMPS data come back whole."""

import time
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import AllChem
from tests.engines.liquids import molecule, turn

from polyloop.chem import Cell, Topology
from polyloop.chem.forcefield import FORCE_FIELDS, type_molecule
from polyloop.chem.formats import SUFFIXES, read_lammps_data, write
from polyloop.core import InvalidInputError, UnsupportedChemistryError


def lattice(smiles, counts, spacing):
    """Molecules turned at random on a lattice of `counts` points; a list of SMILES is gone through in turn."""
    rng = np.random.default_rng(5)
    kinds = [molecule(one) for one in ([smiles] if isinstance(smiles, str) else smiles)]
    points = np.stack(np.meshgrid(*[np.arange(c) for c in counts], indexing="ij"), axis=-1).reshape(-1, 3) * spacing
    chosen = [kinds[k % len(kinds)] for k in range(len(points))]
    positions = [shape @ turn(rng) + point for (_, shape), point in zip(chosen, points, strict=True)]
    topology = Topology.concatenate([topology for topology, _ in chosen])
    return Cell(topology, np.concatenate(positions), np.array(counts) * float(spacing))


@st.composite
def cells(draw):
    """Any cell: terms between any atoms, any number of Fourier terms, molecules across the box's faces."""
    n = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    b, a, d, i = (draw(st.integers(0, 6)) if n >= 4 else 0 for _ in range(4))
    t = draw(st.integers(0, 10)) if d else 0
    pick = lambda rows, width: np.array([rng.permutation(n)[:width] for _ in range(rows)], dtype=int).reshape(-1, width)  # noqa: E731
    numbers = rng.choice([1, 6, 7, 8, 17], n)
    names = draw(st.lists(st.from_regex(r"[a-z][a-z0-9*+']{0,3}", fullmatch=True), min_size=1, max_size=4, unique=True))
    topology = Topology(
        numbers=numbers, masses=rng.uniform(1, 40, 3)[numbers % 3], charges=rng.normal(size=n),
        type_names=tuple(names), types=rng.integers(0, len(names), n),
        epsilon=rng.choice([0.0, 0.1078, 1 / 3], n), sigma=rng.choice([1e-3, 3.4, np.pi], n),
        bonds=pick(b, 2), bond_k=rng.choice([310.0, 1 / 7], b), bond_r0=rng.uniform(1, 2, b),
        angles=pick(a, 3), angle_k=rng.uniform(0, 60, a), angle_theta0=rng.uniform(90, 180, a),
        dihedrals=pick(d, 4), term_dihedral=np.sort(rng.integers(0, max(d, 1), t)), term_k=rng.normal(size=t),
        term_n=rng.integers(1, 7, t), term_phase=rng.choice([0.0, 180.0, 31.7], t),
        impropers=pick(i, 4), improper_k=rng.uniform(0, 11, i), improper_sign=rng.choice([-1, 1], i),
        improper_n=rng.integers(0, 7, i),
        molecule=np.sort(rng.permutation(n) % 3 % n) if n > 2 else np.zeros(n, dtype=int),
        residue=rng.integers(0, 5, n),
    )  # fmt: skip
    velocities = rng.normal(size=(n, 3)) * 5 if draw(st.booleans()) else None
    return Cell(topology, rng.normal(size=(n, 3)) * 40, rng.uniform(5, 60, 3), velocities)


def assert_same(cell, other):
    for field in fields(Topology):
        if field.name not in ("types", "type_names"):
            expected = getattr(cell.topology, field.name)
            found = getattr(other.topology, field.name)
            assert np.array_equal(expected, found) and found.dtype.kind == expected.dtype.kind, field.name
    names = [[c.topology.type_names[k] for k in c.topology.types] for c in (cell, other)]
    assert names[0] == names[1]
    assert np.array_equal(cell.box, other.box)
    np.testing.assert_allclose(other.positions, cell.positions, rtol=0, atol=1e-12)
    assert (cell.velocities is None) == (other.velocities is None)
    if cell.velocities is not None:
        np.testing.assert_allclose(other.velocities, cell.velocities, rtol=1e-14)


@given(cell=cells())
@settings(max_examples=60, deadline=None)
def test_lammps_data_come_back_as_they_were(cell, tmp_path_factory):
    path = tmp_path_factory.mktemp("round") / "cell.data"
    write(cell, path)
    assert_same(cell, read_lammps_data(path))


def test_molecules_across_the_faces_are_wrapped_for_lammps_and_come_back_whole(tmp_path):
    cell = lattice("CCO", (3, 3, 3), 6.0)
    moved = replace(cell, positions=cell.positions - 40.0)
    write(moved, tmp_path / "cell.data")
    lines = (tmp_path / "cell.data").read_text().split("Atoms # full\n\n")[1].splitlines()[: cell.topology.n_atoms]
    wrapped = np.array([line.split()[4:7] for line in lines], dtype=float)
    assert (wrapped >= 0).all() and (wrapped < cell.box).all()
    np.testing.assert_allclose(read_lammps_data(tmp_path / "cell.data").positions, moved.positions, atol=1e-12)


def test_a_data_file_of_others_without_our_comments_is_read(tmp_path):
    write(lattice("CO", (1, 1, 2), 8.0), tmp_path / "ours.data")
    text = "\n".join(line.partition("#")[0] for line in (tmp_path / "ours.data").read_text().splitlines())
    (tmp_path / "theirs.data").write_text("# header\n" + text.partition("\n")[2])
    cell = read_lammps_data(tmp_path / "theirs.data")
    assert cell.topology.numbers.tolist() == [6, 8, 1, 1, 1, 1] * 2  # from the masses
    assert cell.topology.residue.tolist() == [0] * 6 + [1] * 6  # one per molecule


@pytest.mark.parametrize(
    ("old", "new", "error", "message"),
    [
        ("12 atoms", "13 atoms", InvalidInputError, "12 lines.*13 atoms"),
        ("12 atoms", "", InvalidInputError, "needs atoms and a box"),
        ("0 8.0 xlo xhi", "0 8.0 xlo xhi\n1.0 0.0 0.0 xy xz yz", UnsupportedChemistryError, "triclinic"),
        ("# fourier", "# charmm", UnsupportedChemistryError, "'charmm'.*fourier"),
        ("# full", "# molecular", UnsupportedChemistryError, "'molecular'"),
        ("Bonds\n\n1 1 1 2", "Bonds\n\n1 1 1 99", InvalidInputError, "not in the file"),
        ("Bonds\n\n1 1 1 2", "Bonds\n\n1 77 1 2", InvalidInputError, "not in the file"),
        ("Bonds\n\n1 1 1 2", "Bonds\n\n1 1 1 two", InvalidInputError, "no table of numbers|not a table"),
        ("Impropers", "CMAP", UnsupportedChemistryError, "cannot be read|CMAP"),
        ("# fourier\n\n1 1", "# fourier\n\n1 3", InvalidInputError, "no Fourier dihedral"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_place(tmp_path, old, new, error, message):
    write(
        lattice("C=O" if old == "Impropers" else "CO", (1, 1, 3 if old == "Impropers" else 2), 8.0), tmp_path / "a.data"
    )
    text = (tmp_path / "a.data").read_text()
    assert old in text
    (tmp_path / "a.data").write_text(text.replace(old, new, 1))
    with pytest.raises(error, match=message) as caught:
        read_lammps_data(tmp_path / "a.data")
    assert "a.data" in str(caught.value)


def test_a_binary_file_is_refused(tmp_path):
    (tmp_path / "a.data").write_bytes(bytes(range(256)))
    with pytest.raises(InvalidInputError, match="no text file"):
        read_lammps_data(tmp_path / "a.data")


def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path):
    with pytest.raises(InvalidInputError, match=r"\.cif.*Known: \.data, \.pdb, \.gro, \.top, \.xml, \.xyz"):
        write(lattice("C", (1, 1, 1), 9.0), tmp_path / "cell.cif")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_positions_that_are_not_finite_are_refused_and_nothing_is_written(tmp_path, suffix):
    cell = lattice("C", (1, 1, 1), 9.0)
    with pytest.raises(InvalidInputError, match="not finite"):
        write(replace(cell, positions=cell.positions * np.nan), tmp_path / f"cell{suffix}")
    assert list(tmp_path.iterdir()) == []


def openmm_energy(system, positions_nm):
    """Energy in kJ/mol by OpenMM's double-precision reference platform, with a tight Ewald sum."""
    import openmm

    for force in system.getForces():
        if isinstance(force, openmm.NonbondedForce):
            force.setEwaldErrorTolerance(1e-6)
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))
    context.setPositions(positions_nm)
    return context.getState(getEnergy=True).getPotentialEnergy().value_in_unit(openmm.unit.kilojoule_per_mole)


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # OpenMM's reader leaves its file open
def test_gromacs_files_and_openmm_xml_give_the_same_energy(tmp_path):
    """The .gro and .top are read by OpenMM's GROMACS reader, the XML by its deserialiser: two ways, one energy."""
    import openmm
    from openmm import app, unit

    cell = lattice(["CCO", "CC=O"], (4, 3, 3), 7.0)
    assert write(cell, tmp_path / "cell.gro") == (tmp_path / "cell.gro", tmp_path / "cell.top")
    write(cell, tmp_path / "cell.xml")
    gro = app.GromacsGroFile(str(tmp_path / "cell.gro"))
    top = app.GromacsTopFile(str(tmp_path / "cell.top"), periodicBoxVectors=gro.getPeriodicBoxVectors())
    positions = cell.positions / 10
    rounded = gro.getPositions(asNumpy=True).value_in_unit(unit.nanometer) - positions
    shift = np.round(rounded / (cell.box / 10)) * (cell.box / 10)  # whole molecules, by box edges
    assert np.abs(rounded - shift).max() < 5.1e-4
    by_gromacs = openmm_energy(top.createSystem(nonbondedMethod=app.PME, nonbondedCutoff=1.0), positions)
    by_xml = openmm_energy(openmm.XmlSerializer.deserialize((tmp_path / "cell.xml").read_text()), positions)
    assert by_xml == pytest.approx(by_gromacs, rel=1e-6)


def torsion_energy(system, positions_nm):
    """Energy of proper and improper torsions in kJ/mol by OpenMM's double-precision reference platform."""
    import openmm

    for number, force in enumerate(system.getForces()):
        force.setForceGroup(min(number + 1, 31))
    groups = {force.getForceGroup() for force in system.getForces() if "Torsion" in type(force).__name__}
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))
    context.setPositions(positions_nm)
    energy = context.getState(getEnergy=True, groups=groups).getPotentialEnergy()
    return energy.value_in_unit(openmm.unit.kilojoule_per_mole)


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")  # OpenMM's reader leaves its file open
@pytest.mark.parametrize("force_field", FORCE_FIELDS)
@pytest.mark.parametrize("smiles", ["CCCCC", "COCCOCCOC", "OC1COC2C(O)C(OC1)COC2", "COC(=O)CCC(=O)OCCC"])
def test_a_gromacs_file_has_each_multiplicity_of_a_dihedral_once_and_the_energy_of_all_terms(
    tmp_path, smiles, force_field
):
    from openmm import app, unit

    mol, positions = embedded(smiles)
    topology = type_molecule(mol, force_field)
    cell = Cell(topology, positions + 15.0, np.full(3, 30.0))
    write(cell, tmp_path / "cell.gro")
    lines = (tmp_path / "cell.top").read_text().partition("[ dihedrals ]\n")[2].partition("\n[")[0].split("\n")
    keys = [(*line.split()[:4], line.split()[7]) for line in lines if line]
    assert keys and len(set(keys)) == len(keys)
    gro = app.GromacsGroFile(str(tmp_path / "cell.gro"))
    top = app.GromacsTopFile(str(tmp_path / "cell.top"), periodicBoxVectors=gro.getPeriodicBoxVectors())
    read = top.createSystem(nonbondedMethod=app.PME, nonbondedCutoff=1.0 * unit.nanometer)
    phi = dihedral_angles(positions, topology.dihedrals)[topology.term_dihedral]
    ours = topology.term_k * (1.0 + np.cos(topology.term_n * phi - np.radians(topology.term_phase)))
    assert not len(topology.impropers)
    assert torsion_energy(read, cell.positions / 10) == pytest.approx(4.184 * ours.sum(), rel=1e-5)


def embedded(smiles):
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMolecule(mol, randomSeed=7)
    return mol, mol.GetConformer().GetPositions()


def dihedral_angles(positions, atoms):
    a, b, c, d = (positions[column] for column in atoms.T)
    first, middle, last = b - a, c - b, d - c
    across = np.cross(first, middle), np.cross(middle, last)
    length = np.linalg.norm(middle, axis=1)
    return np.arctan2((length[:, None] * first * across[1]).sum(axis=1), (across[0] * across[1]).sum(axis=1))


def test_equal_molecules_share_a_gromacs_molecule_type(tmp_path):
    cell = lattice(["CCO", "CCO", "O"], (3, 3, 1), 7.0)
    write(cell, tmp_path / "cell.top")
    text = (tmp_path / "cell.top").read_text()
    assert text.count("[ moleculetype ]") == 2
    assert text.split("[ molecules ]\n")[1].split() == ["M1", "2", "M2", "1"] * 3


def test_gromacs_refuses_molecules_that_are_scattered(tmp_path):
    cell = lattice("O", (1, 1, 2), 7.0)
    scattered = replace(cell, topology=replace(cell.topology, molecule=np.array([0, 1, 0, 1, 0, 1])))
    with pytest.raises(InvalidInputError, match="one after the other"):
        write(scattered, tmp_path / "cell.top")


def test_a_pdb_has_the_box_the_bonds_and_whole_molecules(tmp_path):
    from openmm import app, unit

    cell = lattice(["CCO", "CC=O"], (2, 2, 2), 7.0)
    write(replace(cell, positions=cell.positions + 30 * cell.box), tmp_path / "cell.pdb")
    pdb = app.PDBFile(str(tmp_path / "cell.pdb"))
    assert np.allclose(pdb.topology.getUnitCellDimensions().value_in_unit(unit.angstrom), cell.box, atol=1e-3)
    assert [atom.element.atomic_number for atom in pdb.topology.atoms()] == cell.topology.numbers.tolist()
    bonds = sorted(tuple(sorted((one.index, two.index))) for one, two in pdb.topology.bonds())
    assert bonds == sorted(map(tuple, cell.topology.bonds.tolist()))
    positions = pdb.getPositions(asNumpy=True).value_in_unit(unit.angstrom)
    lengths = np.linalg.norm(np.subtract(*positions[cell.topology.bonds.T]), axis=1)
    assert lengths.max() < 2.0
    assert (positions.mean(axis=0) < cell.box).all()


def test_extended_xyz_names_its_columns(tmp_path):
    cell = lattice("O", (1, 1, 2), 7.0)
    write(replace(cell, velocities=np.ones((6, 3))), tmp_path / "cell.xyz")
    count, comment, *atoms = (tmp_path / "cell.xyz").read_text().splitlines()
    assert int(count) == len(atoms) == 6
    assert 'Lattice="7.0 0.0 0.0 0.0 7.0 0.0 0.0 0.0 14.0"' in comment
    assert "Properties=species:S:1:pos:R:3:charge:R:1:molecule:I:1:velocity:R:3" in comment
    assert {len(line.split()) for line in atoms} == {1 + 3 + 1 + 1 + 3}


def test_ten_thousand_atoms_are_written_in_about_a_second(tmp_path):
    cell = lattice("CCCCCCCC", (8, 8, 6), 9.0)
    assert cell.topology.n_atoms == 9984
    start = time.process_time()
    for suffix in set(SUFFIXES) - {".png"}:  # of the picture's time, see test_picture.py
        write(cell, tmp_path / f"cell{suffix}")
    read_lammps_data(tmp_path / "cell.data")
    # All six files and the reading took 0.6 s of an idle core.
    assert time.process_time() - start < 4.0
