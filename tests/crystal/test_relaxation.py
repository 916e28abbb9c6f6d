"""Relaxation by universal potentials, formation energies, and the protocol that campaigns call."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from polyloop import evaluate
from polyloop.app.cli.main import main
from polyloop.core import ConfigurationError, EvaluationError, FailureCode, InvalidInputError, Status
from polyloop.crystal.relaxation.formation import ErrorBar, fit_error_bar, formation_energy
from polyloop.crystal.relaxation.references import ElementalReferences, fit_references, shipped_references
from polyloop.crystal.relaxation.relax import RelaxationLimits, check_overlap, energy_of, relax
from polyloop.crystal.structures.canonical import read_text
from polyloop.crystal.structures.structure import CrystalStructure
from polyloop.engines.potentials.registry import POTENTIALS

pytest.importorskip("chgnet")
pytest.importorskip("sevenn")

SALT = read_text("3.988 3.988 3.988 60 60 60 | Na 0 0 0; Cl 0.5 0.5 0.5")


class LennardJones:
    """Argon by a pair potential: its crystal is known in closed form."""

    name = "argon"
    package = "ase"
    reference = "doi:10.1103/PhysRev.136.A405"

    def versions(self) -> dict[str, str]:
        return {"ase": "any"}

    def calculator(self) -> object:
        from ase.calculators.lj import LennardJones as Calculator

        return Calculator(sigma=3.4, epsilon=0.0104, rc=34.0)


@pytest.fixture
def argon() -> str:
    POTENTIALS.add("argon", LennardJones())
    yield "argon"
    POTENTIALS.remove("argon")


def test_a_crystal_of_a_pair_potential_relaxes_to_its_closed_form(argon: str) -> None:
    """Fcc at sums of 1/r12 and 1/r6 of 12.132 and 14.454: nearest distance 1.0902 sigma, -8.610 epsilon for an atom.

    Kittel, Introduction to Solid State Physics, chapter 3.
    """
    start = read_text("3.9 3.9 3.9 60 60 60 | Ar 0 0 0")
    done = relax(start, argon, RelaxationLimits(force=1e-3))
    nearest = (done.structure.volume * np.sqrt(2)) ** (1 / 3)
    assert done.converged
    assert nearest == pytest.approx(1.0902 * 3.4, rel=5e-3)
    assert done.energy == pytest.approx(-8.610 * 0.0104, rel=5e-3)


def test_a_start_that_explodes_ends_with_a_word() -> None:
    with pytest.raises(EvaluationError, match=r"A volume of 1\..*Begin from another volume") as caught:
        relax(SALT.scaled(0.7 * SALT.volume), limits=RelaxationLimits(volume_ratio=1.05))
    assert caught.value.failure.code is FailureCode.BLOWN_UP


def test_merged_atoms_are_no_relaxed_crystal() -> None:
    """What the potentials say of it is -11 or 8 eV/atom; a design once took such a find for the stable one."""
    merged = read_text("4.0 4.0 4.0 90 90 90 | Cs 0 0 0; Cl 0.26 0 0")
    with pytest.raises(EvaluationError, match=r"Cs and Cl are 1\.04 angstrom apart, 0\.30 of the sum") as caught:
        check_overlap(merged)
    assert caught.value.failure.code is FailureCode.BLOWN_UP
    with pytest.raises(EvaluationError, match=r"apart, 0\.30 of the sum"):
        relax(merged, limits=RelaxationLimits(steps=0, largest_force=np.inf, volume_ratio=1e9))
    other = np.array([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 2.0, 1.0]])
    skewed = CrystalStructure(other @ merged.lattice, merged.fractional @ np.linalg.inv(other), merged.symbols)
    with pytest.raises(EvaluationError, match=r"apart, 0\.30 of the sum"):
        check_overlap(skewed)
    check_overlap(SALT)
    check_overlap(read_text("3.16 3.16 5.0 90 90 90 | U 0 0 0; O 0 0 0.356; O 0 0 0.644"))  # uranyl: 1.78 angstrom


def test_potentials_that_contradict_each_other_give_no_energy() -> None:
    with pytest.raises(EvaluationError, match=r"contradict each other: chgnet .* and sevennet .* eV/atom") as caught:
        formation_energy(read_text("3.0 3.0 3.0 90 90 90 | Cs 0 0 0; Cl 0.30 0 0"))
    assert caught.value.failure.code is FailureCode.GEOMETRY


def test_rock_salt_relaxes_to_its_measured_volume_and_formation_energy() -> None:
    """Enthalpy of formation -411.1 kJ/mol (CRC Handbook), -2.13 eV/atom; a = 5.640 angstrom."""
    done = relax(SALT.scaled(SALT.volume * 1.08))
    assert done.converged and done.energy < done.start_energy
    assert done.structure.volume == pytest.approx(5.640**3 / 4, rel=0.04)
    found = formation_energy(done.structure)
    assert found.value == pytest.approx(-2.13, abs=0.1)
    assert 0.0 < found.std < 0.1 and set(found.by_potential) == {"chgnet", "sevennet"}


def test_the_protocol_answers_in_records_with_error_bars() -> None:
    records = evaluate(SALT.subject, "quick")
    assert [record.property for record in records] == ["formation_energy", "volume_per_atom"]
    assert all(record.status is Status.DONE and record.std for record in records)
    assert records[0].request.protocol_id == "crystal/relax@1"
    assert "chgnet" in records[0].provenance.engines and "relaxed" in records[0].provenance.settings


def test_an_element_without_reference_is_a_failure_and_says_what_to_do() -> None:
    crystal = read_text("4.0 4.0 4.0 90 90 90 | Og 0 0 0")
    (record, _) = evaluate(crystal.subject, "crystal/relax@1")
    assert record.failure is not None and record.failure.code is FailureCode.ELEMENT
    assert "Og" in record.failure.reason and "crystal references" in record.failure.hint


def test_references_are_found_again_from_energies_that_were_made_with_them() -> None:
    rng = np.random.default_rng(3)
    truth = {"Na": -1.3, "Cl": -1.8, "O": -4.9, "Fe": -8.4, "Fe with U": 2.1}
    cells = [tuple(rng.choice(["Na", "Cl", "O", "Fe"], size=rng.integers(2, 7))) for _ in range(120)]
    formation = rng.normal(size=120)
    energies = np.array([
        len(cell) * one + sum(truth[symbol] for symbol in cell) + truth["Fe with U"] * cell.count("Fe") * ("O" in cell)
        for cell, one in zip(cells, formation, strict=True)
    ])  # fmt: skip
    found, errors = fit_references(cells, energies, formation, potential="x", source="made", versions={})
    assert found.error < 5e-3 and np.nanmax(np.abs(errors)) < 0.1
    assert found.energies["Fe with U"] == pytest.approx(2.1, abs=0.05)
    assert found.formation_energy(("Na", "Cl"), 2 * -0.5 - 3.1) == pytest.approx(-0.5, abs=0.01)
    with pytest.raises(InvalidInputError, match="20 are needed"):
        fit_references(cells[:10], energies[:10], formation[:10], potential="x", source="made", versions={})


def test_an_error_bar_is_found_again_from_errors_that_were_drawn_with_it() -> None:
    rng = np.random.default_rng(0)
    apart = rng.exponential(0.05, 20_000)
    errors = rng.normal(size=20_000) * np.hypot(0.01, 0.4 * apart)
    found = ErrorBar(**fit_error_bar(errors, apart))
    assert found.floor == pytest.approx(0.01, rel=0.1) and found.slope == pytest.approx(0.4, rel=0.1)


def test_shipped_references_know_most_elements_and_say_what_they_come_from() -> None:
    for name in ("chgnet", "sevennet"):
        known = shipped_references(name)
        assert len([term for term in known.energies if " " not in term]) > 75
        assert known.error < 0.03 and "Materials Project" in known.source
    with pytest.raises(InvalidInputError, match="no elemental references"):
        shipped_references("another")


def test_a_potential_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match="no universal potential 'chgnt'"):
        energy_of(SALT, "chgnt")


def test_the_command_relaxes_writes_cif_and_names_what_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    phases = tmp_path / "phases.csv"
    phases.write_text("formula,formation_energy\nNaCl,-2.1\n")
    arguments = ["crystal", "relax", SALT.canonical, "4 4 4 90 90 90 | Og 0 0 0", "--phases", str(phases)]
    assert main([*arguments, "-o", str(tmp_path / "out"), "--json"]) == 0
    captured = capsys.readouterr()
    first, second = json.loads(captured.out)
    assert first["formula"] == "NaCl" and first["space_group"] == 225
    assert first["hull_distance"] == pytest.approx(first["formation_energy"] + 2.1)
    assert Path(first["file"]).exists() and "reference energy of Og" in second["failure"]
    assert "Og" in captured.err


def test_references_of_ones_own_are_fitted_and_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ["structure,formation_energy"]
    for place in range(24):
        volume = 0.9 + 0.01 * place
        first, second = ("Na", "K")[place % 2], ("Cl", "Br")[place // 2 % 2]
        crystal = SALT.with_elements({"Na": first, "Cl": second}).scaled(SALT.volume * volume * 1.3)
        own = shipped_references("chgnet").formation_energy(crystal.symbols, energy_of(crystal))
        rows.append(f"{crystal.canonical},{own}")
    (tmp_path / "t.csv").write_text("\n".join(rows) + "\n")
    output = tmp_path / "r.json"
    assert main(["crystal", "references", str(tmp_path / "t.csv"), "-o", str(output)]) == 0
    assert ElementalReferences.read(output).entries == 24
    assert main(["crystal", "relax", SALT.canonical, "--references", str(output), "--steps", "0", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    alone = formation_energy(SALT, ("chgnet",)).value
    assert row["formation_energy"] == pytest.approx(alone, abs=0.02)
