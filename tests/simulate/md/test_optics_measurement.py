"""md/optics: polarizabilities of the repeat unit at the density of a sample, without a stage of its own."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from polyloop.chem import Geometry, Polymer
from polyloop.core import Conditions, EvaluationError, FailureCode, Request, Subject
from polyloop.engines.quantum import pyscf
from polyloop.simulate import PROTOCOLS, evaluate_request, protocols
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis import line_polarizabilities, optics_at_density
from polyloop.simulate.md.protocols import FOLLOW_UPS
from polyloop.simulate.md.protocols.ions import IONS
from polyloop.simulate.md.protocols.optics import OPTICS, SMOKE_OPTICS
from polyloop.simulate.md.protocols.recipes import SMOKE, STANDARD
from polyloop.simulate.md.run import preview, workflow
from polyloop.simulate.md.run.workspace import Workspace
from polyloop.simulate.optics.lorentz_lorenz import refractive_index
from polyloop.simulate.optics.polarizability_scale import LEVEL
from tests.registered import registered

# All wait for one recipe and its quantum chemistry.
pytestmark = pytest.mark.slow

POLYMER = Polymer(Polymer("*CC*").canonical)
REQUEST = Request(POLYMER.subject, SMOKE_OPTICS.protocol_id, 0, Conditions())


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """One scratch folder for all, so that the recipe and the quantum chemistry are run once."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("scratch")
        patch.setenv("POLYLOOP_SCRATCH", str(folder))
        patch.setenv("POLYLOOP_MD_ENGINE", "openmm")
        patch.setenv("POLYLOOP_CORES", "1")
        protocol = protocols.Protocol(
            SMOKE_OPTICS.name, SMOKE_OPTICS.version, "smoke", SMOKE_OPTICS.properties, "seconds",
            SMOKE_OPTICS.description, partial(workflow.follow_up_polymer, SMOKE_OPTICS.protocol_id),
            partial(workflow.check_scope, SMOKE_OPTICS.protocol_id),
        conditions=("temperature", "pressure"),
        )  # fmt: skip
        with registered(protocol):
            yield folder


@pytest.fixture(scope="module")
def sheet(root):
    """Values of the recipe alone, and its stages."""
    outcome = workflow.simulate_polymer(SMOKE.protocol_id, POLYMER, 0, Conditions())
    return {estimate.property: estimate for estimate in outcome.estimates}, kept(root, "stages")


@pytest.fixture(scope="module")
def records(sheet):
    return {record.property: record for record in evaluate_request(REQUEST)}


@pytest.fixture(scope="module")
def quick(root, records):
    """What the quantum chemistry said, read back."""
    outcome = OPTICS.prerequisite.outcome(Workspace(root / "md"), POLYMER, 0)
    return {estimate.property: estimate for estimate in outcome.estimates}


def kept(root, kind):
    return {path.name for path in (root / "md" / kind).iterdir() if path.is_dir()}


def test_it_runs_no_stage_of_its_own(root, sheet, records):
    assert OPTICS.stages == ()
    assert [record.failure for record in records.values()] == [None] * 4
    assert tuple(records) == OPTICS.properties
    assert kept(root, "stages") == sheet[1]


def test_the_values_are_lorentz_lorenz_at_the_density_of_the_sample(sheet, records, quick):
    density = sheet[0]["density"]
    unit = quick["polarizability_D"]
    index = records["refractive_index"]
    assert index.value == pytest.approx(refractive_index(unit.value, density.value, POLYMER.molar_mass), rel=1e-12)
    # dn = (n^2 + 2)(n^2 - 1)/(6 n) d ln(alpha rho), and the little that the error of the dispersion adds.
    slope = (index.value**2 + 2) * (index.value**2 - 1) / (6 * index.value)
    relative = np.hypot(unit.std / unit.value, density.std / density.value)
    assert index.std == pytest.approx(slope * relative, rel=0.02)
    lines = [records[f"refractive_index{line}"].value for line in ("_C", "", "_F")]
    assert records["abbe_number"].value == pytest.approx((lines[1] - 1) / (lines[2] - lines[0]))
    assert lines == sorted(lines)


def test_the_figures_behind_the_values_are_kept(sheet, records, quick):
    provenance = records["abbe_number"].provenance
    measured, prerequisite = provenance.settings["measured"], provenance.settings["prerequisite"]
    assert measured["density_g_cm3"] == sheet[0]["density"].value
    assert measured["model_density_g_cm3"] == quick["density"].value
    alphas = list(measured["polarizabilities_angstrom3"].values())
    assert alphas == pytest.approx(line_polarizabilities(quick))
    assert alphas == sorted(alphas)
    for name, (value, std) in measured["at_model_density"].items():
        assert (value, std) == (quick[name].value, quick[name].std)
    assert prerequisite["protocol"] == "optics/quick@3"
    assert prerequisite["cpu_s"] > 0.0
    assert {"openmm", "pyscf", "tblite", "rdkit"} <= set(provenance.engines)


def test_the_quantum_chemistry_is_that_of_the_protocol_it_names(quick):
    named = PROTOCOLS[OPTICS.prerequisite.protocol]
    outcome = named.function(POLYMER, 0, Conditions())
    assert {estimate.property: estimate for estimate in outcome.estimates} == quick


def test_the_first_version_goes_on_with_the_polarizabilities_that_it_had():
    first = FOLLOW_UPS["md/optics@1"].prerequisite
    named = PROTOCOLS["optics/quick@2"].function(POLYMER, 0, Conditions())
    assert first.protocol == "optics/quick@2"
    assert first.compute(POLYMER, 0).estimates == named.estimates


def test_at_the_density_of_the_model_the_values_are_its_own(quick):
    found = optics_at_density(quick, quick["density"], POLYMER.molar_mass)
    for name in OPTICS.properties:
        assert found[name].value == pytest.approx(quick[name].value, rel=1e-12)
        assert found[name].std == pytest.approx(quick[name].std, rel=1e-6)


def test_a_denser_sample_refracts_more_and_has_nearly_the_same_abbe_number(quick):
    density = quick["density"]
    denser = Estimate("density", 1.05 * density.value, density.std, density.std_of)
    found = optics_at_density(quick, denser, POLYMER.molar_mass)
    # (n^2 - 1)/(n^2 + 2) is proportional to the density.
    refraction = [(n**2 - 1) / (n**2 + 2) for n in (found["refractive_index"].value, quick["refractive_index"].value)]
    assert refraction[0] / refraction[1] == pytest.approx(1.05)
    assert found["refractive_index"].value > quick["refractive_index"].value + 0.02
    assert found["abbe_number"].value == pytest.approx(quick["abbe_number"].value, rel=0.03)


def test_what_was_computed_is_read_back(root, records):
    files = {path: path.stat().st_mtime_ns for path in (root / "md" / "prerequisite").glob("*/outcome.json")}
    assert len(files) == 1
    assert [record.value for record in evaluate_request(REQUEST)] == [record.value for record in records.values()]
    assert {path: path.stat().st_mtime_ns for path in files} == files


def test_a_damaged_file_is_made_anew(root, records, quick):
    (path,) = (root / "md" / "prerequisite").glob("*/outcome.json")
    path.write_text(path.read_text()[:200])
    outcome = OPTICS.prerequisite.outcome(Workspace(root / "md"), POLYMER, 0)
    assert {estimate.property: estimate for estimate in outcome.estimates} == quick


def test_a_unit_out_of_scope_is_refused_before_anything_is_built(root, records):
    before = {kind: kept(root, kind) for kind in ("charges", "cells", "stages")}
    large = Polymer("*CC(*)" + "C" * 61).canonical
    failures = {record.failure for record in evaluate_request(replace(REQUEST, subject=Subject("polymer", large)))}
    (failure,) = failures
    assert (failure.code, failure.stage) == (FailureCode.SIZE, "oligomers")
    assert "at most 60" in failure.reason
    assert {kind: kept(root, kind) for kind in before} == before
    with pytest.raises(EvaluationError, match="at most 60"):
        preview.preview(SMOKE_OPTICS.protocol_id, Polymer(large), 0, Conditions())


def test_a_failure_of_the_quantum_chemistry_comes_with_its_stage_before_the_dynamics(root, records, monkeypatch):
    def in_the_far_ultraviolet(polymer, seed):
        water = Geometry(("O", "H", "H"), np.array([[0.0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]]))
        pyscf.polarizability(pyscf.ground_state(water, LEVEL), (40.0,))

    absorbing = replace(OPTICS.prerequisite, protocol="optics/quick@0", compute=in_the_far_ultraviolet)
    monkeypatch.setitem(FOLLOW_UPS, SMOKE_OPTICS.protocol_id, replace(SMOKE_OPTICS, prerequisite=absorbing))
    before = kept(root, "stages")
    found = evaluate_request(replace(REQUEST, seed=1))
    assert [record.property for record in found] == list(OPTICS.properties)
    for record in found:
        assert record.failure.code is FailureCode.RESPONSE
        assert record.failure.stage == "linear response"
        assert "gap between occupied and virtual" in record.failure.reason
    assert kept(root, "stages") == before


def test_a_dry_run_counts_the_recipe_and_names_what_comes_on_top(root, monkeypatch):
    for name in ("_FULL_S", "_SHORT_S"):
        monkeypatch.setattr(preview, name, 0.3)
    found = preview.preview(SMOKE_OPTICS.protocol_id, POLYMER, 0, Conditions())
    assert (found.steps, found.steps_at_most) == (8600, 10600)  # of md/smoke alone
    assert found.on_top == OPTICS.prerequisite.cost  # its charges take no quantum chemistry
    assert preview._on_top(STANDARD, OPTICS) == f"resp charges, minutes; {OPTICS.prerequisite.cost}"
    assert preview._on_top(STANDARD, IONS) == "resp charges, minutes"
