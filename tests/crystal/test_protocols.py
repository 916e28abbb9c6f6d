"""Protocols of compositions and of stability: values, error bars, and keys that hold the digest of the files named."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from polyloop import evaluate
from polyloop.campaign.config.file import read_campaign_file
from polyloop.core import ConfigurationError, FailureCode, Request, Status, Subject
from polyloop.core.settings import settings_applied
from polyloop.crystal.composition import Composition
from polyloop.crystal.formation_energy import FormationEnergyModel
from polyloop.crystal.structures.canonical import read_text
from polyloop.crystal.substitution.files import ranking_path
from polyloop.crystal.substitution.ranking import train_ranking
from polyloop.crystal.substitution.templates import TemplateStore
from polyloop.evaluation.evaluators import protocol_evaluator
from polyloop.evaluation.properties import compute_properties
from polyloop.simulate import evaluate_request, get_protocol

pytest.importorskip("moyopy")

SALT = "{a} {a} {a} 60 60 60 | {one} 0 0 0; {two} 0.5 0.5 0.5"
CUBE = "{a} {a} {a} 90 90 90 | {one} 0 0 0; {two} 0.5 0.5 0.5"
# Formation energies in eV/atom: from the heats of formation of the CRC Handbook, within what the potentials err by.
PHASES = "formula,formation_energy\nNaCl,-2.13\nKCl,-2.26\nLiF,-3.19\n"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("named")
    rows = [
        (f"{one}{two}", read_text(SALT.format(a=4.0, one=one, two=two)))
        for one in ("Li", "K", "Rb") for two in ("F", "Cl", "Br")
    ]  # fmt: skip
    rows += [(f"Cs{two}", read_text(CUBE.format(a=4.1, one="Cs", two=two))) for two in ("Cl", "Br", "I")]
    store = TemplateStore.from_structures(rows)
    store.save(folder / "templates.npz")
    train_ranking(store, rng=np.random.default_rng(0)).save(ranking_path(folder / "templates.npz"))
    (folder / "phases.csv").write_text(PHASES)
    return {"POLYLOOP_TEMPLATES": str(folder / "templates.npz"), "POLYLOOP_PHASES": str(folder / "phases.csv")}


def test_a_composition_is_answered_by_the_model_with_its_error_bar() -> None:
    (record,) = evaluate(Subject("composition", "NaCl"), "crystal/composition@1")
    (energy,), (std,) = FormationEnergyModel.shipped().predict([Composition("NaCl")])
    assert (record.value, record.std) == (pytest.approx(energy), pytest.approx(std))
    assert record.unit == "eV/atom" and record.value == pytest.approx(-2.13, abs=0.15)  # CRC Handbook
    (refused,) = evaluate(Subject("composition", "XeRn"), "crystal/composition@1")
    assert refused.status is Status.FAILED and "has seen no compound" in refused.failure.reason


def test_another_file_gives_another_key_and_the_same_content_the_same(settings: dict[str, str], tmp_path: Path) -> None:
    def asked(named: dict[str, str]) -> str:
        return protocol_evaluator("crystal/composition_relax@1", named).protocol_id

    first = asked(settings)
    assert re.fullmatch(r"crystal/composition_relax\.[0-9a-f]{16}@1", first)
    assert get_protocol(first).protocol_id == "crystal/composition_relax@1"
    copied, other = tmp_path / "copied.csv", tmp_path / "other.csv"
    copied.write_text(PHASES)
    other.write_text(PHASES.replace("-2.13", "-2.12"))
    assert asked(settings | {"POLYLOOP_PHASES": str(copied)}) == first
    changed = asked(settings | {"POLYLOOP_PHASES": str(other)})
    assert changed != first
    subject = Subject("composition", "NaCl")
    assert Request(subject, first).key != Request(subject, changed).key


def test_files_that_changed_since_they_were_asked_for_answer_nothing(settings: dict[str, str], tmp_path: Path) -> None:
    phases = tmp_path / "phases.csv"
    phases.write_text(PHASES)
    named = settings | {"POLYLOOP_PHASES": str(phases)}
    evaluator = protocol_evaluator("crystal/composition_relax@1", named)
    phases.write_text(PHASES + "RbCl,-2.25\n")
    with settings_applied(named), pytest.raises(ConfigurationError, match="are others than those"):
        evaluate_request(Request(Subject("composition", "NaCl"), evaluator.protocol_id))


def test_a_setting_that_is_missing_or_names_no_file_is_said(settings: dict[str, str], tmp_path: Path) -> None:
    subject = Subject("composition", "NaCl")
    with pytest.raises(ConfigurationError, match=r"POLYLOOP_TEMPLATES is missing.*polyloop crystal templates"):
        evaluate(subject, "crystal/composition_relax@1")
    other = settings | {"POLYLOOP_PHASES": str(tmp_path / "none.csv")}
    with settings_applied(other), pytest.raises(ConfigurationError, match="names no file"):
        evaluate(subject, "crystal/composition_relax@1")


def test_a_campaign_file_names_the_files_relative_to_itself(settings: dict[str, str], tmp_path: Path) -> None:
    for name, path in (("t.npz", settings["POLYLOOP_TEMPLATES"]), ("p.csv", settings["POLYLOOP_PHASES"])):
        (tmp_path / name).write_bytes(Path(path).read_bytes())
    ranking = ranking_path(Path(settings["POLYLOOP_TEMPLATES"]))
    ranking_path(tmp_path / "t.npz").write_bytes(ranking.read_bytes())
    (tmp_path / "pool.csv").write_text("formula\nNaCl\nNaBr\nRbI\n")
    (tmp_path / "c.toml").write_text(
        '[campaign]\nname = "c"\n[[objectives]]\nproperty = "hull_distance"\ndirection = "minimize"\n'
        'protocol = "crystal/composition_relax@1"\n[pool]\nkind = "composition"\nsource = "csv"\nfile = "pool.csv"\n'
        '[features]\nblocks = ["element_fractions"]\n[resources]\ntemplates = "t.npz"\nphases = "p.csv"\n'
    )
    config = read_campaign_file(tmp_path / "c.toml")
    assert config.resources.settings["POLYLOOP_TEMPLATES"] == str((tmp_path / "t.npz").resolve())
    assert config.resources.settings["POLYLOOP_PHASES"] == str((tmp_path / "p.csv").resolve())


@pytest.mark.slow
def test_a_composition_and_its_crystal_are_as_far_above_the_hull(settings: dict[str, str], tmp_path: Path) -> None:
    """NaCl is no template: it is found as rock salt. The hull at NaCl is the heat of formation that the table gives."""
    pytest.importorskip("chgnet")
    pytest.importorskip("sevenn")
    with settings_applied(settings):
        results = compute_properties(
            ["NaCl"], kind="composition", protocol="crystal/composition_relax@1", store=str(tmp_path / "s.sqlite")
        )
        again = compute_properties(
            ["ClNa"], kind="composition", protocol="crystal/composition_relax@1", store=str(tmp_path / "s.sqlite")
        )
        assert [one.value for one in again[0].records] == [one.value for one in results[0].records]
        energy, distance, volume = results[0].records
        assert energy.value == pytest.approx(-2.13, abs=0.15) and energy.std > 0
        assert distance.value == pytest.approx(energy.value + 2.13, abs=1e-9) and distance.std == energy.std
        assert volume.value == pytest.approx(5.64**3 / 8, rel=0.06)  # cell of 5.640 angstrom: CRC Handbook
        relaxed = read_text(energy.provenance.settings["relaxed"])
        crystal = {one.property: one for one in evaluate(relaxed.subject, "crystal/stability@1")}
        assert crystal["hull_distance"].value == pytest.approx(distance.value, abs=5e-3)
        assert "crystal/stability." in crystal["hull_distance"].request.protocol_id
        (failed, *_) = evaluate(Subject("composition", "XeRn"), "crystal/composition_relax@1")
        assert failed.failure.code is FailureCode.ELEMENT
