"""Blocks that read records: columns from a store, and a reason with the command where there are none."""

import numpy as np
import pytest

from polyloop.chem import Polymer
from polyloop.core import Conditions, Failure, FailureCode, Record, Request, Subject
from polyloop.core.properties import PROPERTIES
from polyloop.features import featurize
from polyloop.features.block import get_block
from polyloop.features.mixtures import describe_subjects
from polyloop.features.quantum_descriptors import QMEX, QMEX_PROPERTIES
from polyloop.simulate import PROTOCOLS
from polyloop.store import Store

HERE = {"time_limit": None, "memory_limit": None}
UNITS = ("*CC*", "*CC(*)C", "*CCO*")


def values_of(start):
    """Plausible values of all 22, another for each property."""
    return {
        name: PROPERTIES[name].low + (PROPERTIES[name].high - PROPERTIES[name].low) * (start + place / 100)
        for place, name in enumerate(QMEX_PROPERTIES)
    }


def records_of(smiles, start, seed=0, protocol="qmex/quick@1"):
    request = Request(Subject("polymer", Polymer(smiles).canonical), protocol, seed)
    return [Record.of_value(request, name, value) for name, value in values_of(start).items()]


@pytest.fixture
def store(tmp_path):
    with Store(f"sqlite:///{tmp_path / 's.sqlite'}") as opened:
        opened.add(records_of("*CC*", 0.1))
        opened.add(records_of("*CC*", 0.3, seed=1))
        opened.add(records_of("*CCO*", 0.2))
        request = Request(Subject("polymer", Polymer("*CC(*)C").canonical), "qmex/quick@1", 0)
        failure = Failure(FailureCode.SCF, "GFN2-xTB", "It did not converge.")
        opened.add([Record.failed(request, name, failure) for name in QMEX_PROPERTIES])
        yield opened


def test_the_columns_are_the_records_of_the_protocol_averaged_over_seeds(store):
    table = featurize(["*CC*", "*OCC*"], ["qmex"], records=store, **HERE)
    assert table.valid.all() and table.names["qmex"] == tuple(row.column for row in QMEX)
    first, second = values_of(0.1), values_of(0.3)
    for place, row in enumerate(QMEX):
        mean = (first[row.name] + second[row.name]) / 2
        assert table.blocks["qmex"][0, place] == pytest.approx(np.log10(mean) if row.logarithm else mean)
    assert table.blocks["qmex"][1, 0] == pytest.approx(values_of(0.2)["capped_molar_mass"])


def test_rows_without_records_are_nan_with_the_reason_and_harm_no_other_block(store):
    table = featurize([*UNITS, "*CCCC(*)F"], ["qmex", "ecfp"], records=store, **HERE)
    assert np.isnan(table.blocks["qmex"]).all(axis=1).tolist() == [False, True, False, True]
    assert "did not converge" in table.failures[1]
    assert "polyloop properties" in table.failures[3] and "--protocol qmex/quick@1" in table.failures[3]
    assert np.isfinite(table.blocks["ecfp"]).all()


def test_what_was_not_there_is_found_once_it_is(store, tmp_path):
    asked = {"cache": tmp_path / "f.sqlite", "records": store}
    assert list(featurize(["*CCS*"], ["qmex"], **asked).failures) == [0]
    store.add(records_of("*CCS*", 0.4))
    assert not featurize(["*CCS*"], ["qmex"], **asked).failures


def test_records_of_one_protocol_are_not_taken_for_those_of_another(store):
    table = featurize(["*CC*"], ["qmex_standard"], records=store, **HERE)
    assert "qmex/standard@1" in table.failures[0]


def test_without_a_store_the_reason_says_what_to_hand_over():
    assert "`records=store`" in featurize(["*CC*"], ["qmex"], **HERE).failures[0]


def test_copolymers_have_the_mean_of_their_units(store):
    text = "random: 0.5 *CC* + 0.5 *CCO*"
    row = describe_subjects("copolymer", [text], ["qmex"], records=store).blocks["qmex"][0]
    units = featurize(["*CC*", "*CCO*"], ["qmex"], records=store, **HERE).blocks["qmex"]
    np.testing.assert_allclose(row, units.mean(axis=0))


def test_the_protocols_yield_what_the_blocks_read():
    for name in ("qmex", "qmex_standard"):
        assert PROTOCOLS[get_block(name).protocol_id].properties == QMEX_PROPERTIES
    assert len(QMEX) == len(set(QMEX_PROPERTIES)) == 22


def test_the_block_of_molecular_dynamics_reads_what_its_protocol_promises_at_its_own_state(tmp_path):
    block = get_block("dynamics")
    assert {row.name for row in block.columns} <= set(PROTOCOLS[block.protocol_id].properties)
    polyethylene = Subject("polymer", Polymer("*CC*").canonical)
    with Store(tmp_path / "s.sqlite") as store:
        for temperature, share in ((298.15, 0.2), (400.0, 0.3)):
            request = Request(polyethylene, block.protocol_id, 0, Conditions(temperature, 1.0))
            rows = [PROPERTIES[row.name] for row in block.columns]
            store.add([Record.of_value(request, one.name, one.low + share * (one.high - one.low)) for one in rows])
        table = featurize(["*CC*"], ["dynamics"], records=store, **HERE)
    assert not table.failures, table.failures
    density = PROPERTIES["density"]
    assert table.blocks["dynamics"][0, 0] == pytest.approx(density.low + 0.2 * (density.high - density.low))
    assert block.units()[5] == "log10(GPa)" and table.names["dynamics"][5] == "log10_bulk_modulus"
