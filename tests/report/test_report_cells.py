"""A report shows the cells of the best polymers while the scratch folder has their pictures, and none after that."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from polyloop.campaign import CampaignState
from polyloop.core import Conditions, Record, Request, Status, Subject
from polyloop.report import write_report
from polyloop.simulate import evaluate_request, protocols
from polyloop.simulate.md.protocols.recipes import SMOKE
from polyloop.simulate.md.run import workflow
from polyloop.simulate.md.run.estimates import PROPERTIES
from polyloop.simulate.md.run.pictures import keep_picture, read_picture
from polyloop.simulate.md.run.workspace import Workspace
from tests.registered import registered
from tests.report.report_runs import DENSITY, Page, write_campaign

REQUEST = Request(Subject("polymer", "*C*"), SMOKE.protocol_id, 0, Conditions())


# All wait for a simulation.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture(scope="module")
def records(scratch: Path) -> list[Record]:
    """Polyethylene by the recipe that is made for tests: some picoseconds of 120 atoms."""
    protocol = protocols.Protocol(
        SMOKE.name, SMOKE.version, "smoke", PROPERTIES, "seconds", SMOKE.description,
        partial(workflow.simulate_polymer, SMOKE.protocol_id), partial(workflow.check_scope, SMOKE.protocol_id),
        conditions=("temperature", "pressure"),
    )  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POLYLOOP_SCRATCH", str(scratch))
        patch.setenv("POLYLOOP_MD_ENGINE", "openmm")
        patch.setenv("POLYLOOP_CORES", "1")
        with registered(protocol):
            return evaluate_request(REQUEST)


@pytest.fixture
def state(records: list[Record], scratch: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CampaignState:
    """A campaign on density whose candidates were evaluated by a table, and one of them by molecular dynamics."""
    monkeypatch.setenv("POLYLOOP_SCRATCH", str(scratch))
    campaign = write_campaign(tmp_path / "campaign", DENSITY, cycles=1)
    campaign.run(cycles=0, report=False)
    found = campaign.state()
    simulated = replace(
        found.candidates[0],
        subject=REQUEST.subject, status=Status.DONE, failure=None,
        records={record.property: record for record in records},
    )  # fmt: skip
    return replace(found, candidates=(simulated, *found.candidates[1:]))


def test_the_cell_is_shown_with_its_polymer_atoms_density_and_protocol(
    state: CampaignState, records: list[Record], scratch: Path, tmp_path: Path
) -> None:
    page = Page(write_report(state, tmp_path / "report").read_text())
    assert "Cells of the best polymers" in page.headings()
    assert f"Cell of {REQUEST.subject.text}" in page.attributes("alt")
    assert (tmp_path / "report" / "cell_1.png").read_bytes() == read_picture(Workspace(scratch / "md"), REQUEST.key)
    assert not (tmp_path / "report" / "cell_2.png").exists()
    atoms = records[0].provenance.settings["atoms"]
    assert f"{atoms:,} atoms, {SMOKE.n_chains} chains, 0." in page.text
    assert f"g/cm³, {SMOKE.protocol_id}" in page.text


def test_without_the_scratch_folder_there_is_none_and_an_old_one_goes(
    state: CampaignState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_report(state, tmp_path / "report")
    monkeypatch.setenv("POLYLOOP_SCRATCH", str(tmp_path / "elsewhere"))
    page = Page(write_report(state, tmp_path / "report").read_text())
    assert "Cells of the best" not in page.headings()
    assert not list((tmp_path / "report").glob("cell_*.png"))
    assert not (tmp_path / "elsewhere").exists()


def test_a_picture_that_cannot_be_kept_is_told_and_fails_nothing(
    records: list[Record], scratch: Path, tmp_path: Path
) -> None:
    workspace = Workspace(scratch / "md")
    cells = next((workspace.root / "cells").glob("*/arrays.npz"))
    cell = workspace.cell("cells", cells.parent.name, lambda: pytest.fail("it was made before"))
    (tmp_path / "run").write_text("a file where the folder should be")
    assert keep_picture(tmp_path / "run", cell).startswith("FileExistsError")
    assert keep_picture(tmp_path / "other", cell) == ""
    assert (tmp_path / "other" / "cell.png").is_file()
