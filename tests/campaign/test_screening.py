"""A screening ranks what the store holds at the campaign's conditions; zero is a value, and failures are named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from polyloop.campaign import CampaignConfig, read_campaign_file
from polyloop.campaign.screening import screen
from polyloop.chem import Polymer
from polyloop.core import Conditions, ConfigurationError, Failure, FailureCode, Record, Request, Subject
from polyloop.design.pool import Pool
from polyloop.run.interrupts import Interrupts
from polyloop.store import Store

UNITS = tuple(Polymer(unit).canonical for unit in ("*CC*", "*CC(*)C", "*CC(*)F", "*CC(*)Cl", "*CO*"))
POOL = Pool.from_polymers((Polymer(unit), unit, "") for unit in UNITS)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "s.sqlite") as opened:
        yield opened


def screened(store: Store, screening: dict[str, object], **campaign: object) -> Pool:
    config = CampaignConfig.model_validate(
        {
            "campaign": {"name": "t", **campaign},
            "objectives": [{"property": "density", "direction": "maximize", "level": "quick"}],
            "pool": {"source": "homopolymers", "screening": screening},
        }
    )
    assert config.pool.screening is not None
    return screen(POOL, config.pool.screening, config, store, 1, Interrupts(), lambda done, total: None)


def fill(store: Store, name: str, protocol: str, values: list[float], conditions: Conditions | None = None) -> None:
    requests = [Request(Subject("polymer", unit), protocol, 0, conditions or Conditions()) for unit in UNITS]
    store.add([Record.of_value(request, name, value) for request, value in zip(requests, values, strict=True)])


def test_a_value_of_exactly_zero_is_a_value(store: Store) -> None:
    fill(store, "dipole_moment", "optics/quick@3", [2.0, 0.0, 1.5, 3.0, -0.0])
    table = {"protocol": "optics/quick@3", "property": "dipole_moment", "direction": "minimize", "keep": 2}
    assert screened(store, table).texts == (UNITS[1], UNITS[4])


def test_a_screening_looks_at_the_conditions_of_the_campaign(store: Store) -> None:
    fill(store, "density", "md/standard@1", [0.9, 1.0, 1.1, 1.2, 1.3])
    fill(store, "density", "md/standard@1", [1.3, 1.2, 1.1, 1.0, 0.9], Conditions(350.0, 2.0))
    table = {"protocol": "md/standard@1", "property": "density", "keep": 2}
    assert screened(store, table).texts == (UNITS[3], UNITS[4])
    assert screened(store, table, temperature=350.0, pressure=2.0).texts == (UNITS[0], UNITS[1])


def test_a_screening_that_knows_one_state_only_is_refused_at_another(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(
        "[campaign]\nname = 't'\ntemperature = 350.0\n[[objectives]]\nproperty = 'density'\ndirection = 'maximize'\n"
        "level = 'standard'\n[pool]\nsource = 'homopolymers'\n[pool.screening]\nkeep = 3\n"
    )
    with pytest.raises(ConfigurationError, match=r"line 3.*temperature.*optics/instant@2.*298.15 K"):
        read_campaign_file(file)


def test_candidates_whose_screening_failed_are_named_with_the_reason(store: Store) -> None:
    failure = Failure(FailureCode.SCF, "scf", "it did not converge")
    store.add([Record.failed(Request(Subject("polymer", UNITS[0]), "optics/quick@3"), "density", failure)])
    for unit, value in zip(UNITS[1:], [1.0, 99.0, 1.2, 1.3], strict=True):
        store.add([Record.of_value(Request(Subject("polymer", unit), "optics/quick@3"), "density", value)])
    kept = screened(store, {"protocol": "optics/quick@3", "property": "density", "keep": 9})
    assert kept.texts == (UNITS[1], UNITS[3], UNITS[4])
    assert [(row.smiles, row.why) for row in kept.left_out] == [
        (UNITS[0], "screening failed"),
        (UNITS[2], "screening failed"),
    ]
    assert "it did not converge" in kept.left_out[0].reason
    assert "implausible density of 99 g/cm3" in kept.left_out[1].reason
