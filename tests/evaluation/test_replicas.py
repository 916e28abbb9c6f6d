"""Replicas: each an evaluation of its own, and a mean that says what it is the mean of."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from polyloop.chem import Polymer
from polyloop.core import Conditions, Failure, FailureCode, InvalidInputError, Record, Request, Status, Subject
from polyloop.evaluation import ReplicaMean, compute_properties, preview_properties, write_properties
from polyloop.store import Store
from polyloop.tables import read_measured

INSTANT = "optics/instant@2"
# Its side chain is flexible, so that seeds give other conformers.
UNIT = Polymer("*CC(*)C(=O)OCCCCO")
PROPERTIES = ("refractive_index", "density", "static_polarizability", "molar_refraction")
NO_PACKING = Failure(FailureCode.PACKING, "packing", "No room.", "Start from a lower density.")


def simulated(seed: int, value: float, std: float | None = 0.01, n: int = 40) -> Record:
    request = Request(UNIT.subject, "md/standard@2", seed)
    return Record.of_value(request, "density", value, std=std, n=n, std_of="time")


def failed(seed: int, failure: Failure = NO_PACKING) -> Record:
    return Record.failed(Request(UNIT.subject, "md/standard@2", seed), "density", failure)


def place(tmp_path: Path) -> str:
    return str(tmp_path / "s.sqlite")


def keep(tmp_path: Path, *records: Record) -> None:
    with Store(place(tmp_path)) as store:
        store.add(records)


# The mean


def test_the_mean_s_error_is_the_larger_of_what_replicas_say_and_of_their_scatter() -> None:
    close = ReplicaMean.of([simulated(seed, value) for seed, value in enumerate((1.0, 1.001, 0.999, 1.0))])
    assert (close.value, close.std) == (pytest.approx(1.0), pytest.approx(0.01 / 2))
    far = ReplicaMean.of([simulated(seed, value) for seed, value in enumerate((0.9, 1.1, 1.0, 1.0))])
    assert far.std == pytest.approx(np.std([0.9, 1.1, 1.0, 1.0], ddof=1) / 2)
    assert (far.n, far.std_of, far.unit, far.status) == (160, "4 replicas, not below time", "g/cm3", Status.DONE)
    assert (far.count, far.shortfall, far.failure) == ("4 of 4", "", None)


def test_the_error_of_a_model_that_all_replicas_share_is_kept() -> None:
    records = [
        Record.of_value(Request(UNIT.subject, INSTANT, seed), "density", 1.0, std=0.03, std_of="density model")
        for seed in range(4)
    ]
    assert ReplicaMean.of(records).std == pytest.approx(0.03)


def test_of_a_protocol_that_is_gone_the_larger_error_is_taken() -> None:
    records = [
        Record.of_value(Request(UNIT.subject, "md/standard@0", seed), "density", 1.0, std=0.03, std_of="time")
        for seed in range(4)
    ]
    assert ReplicaMean.of(records).std == pytest.approx(0.03)


def test_replicas_that_failed_are_left_out_and_said() -> None:
    mean = ReplicaMean.of([simulated(4, 1.0), failed(5), simulated(6, 1.1)])
    assert (mean.value, mean.status, mean.failure) == (pytest.approx(1.05), Status.DONE, None)
    assert [record.request.seed for record in mean.averaged] == [4, 6]
    assert mean.shortfall == ("2 of 3 replicas; seed 5 failed (packing): packing: No room. Start from a lower density.")


def test_a_value_that_is_unphysical_is_not_averaged() -> None:
    mean = ReplicaMean.of([simulated(0, 1.0), simulated(1, 99.0), simulated(2, float("nan"))])
    assert (mean.value, mean.status, mean.count) == (1.0, Status.DONE, "1 of 3")
    assert mean.shortfall == "1 of 3 replicas; seed 1 unphysical: 99 g/cm3; seed 2 unphysical"
    assert mean.std_of == "time", "one replica alone says of itself what it says"
    alone = ReplicaMean.of([simulated(1, 99.0), failed(2)])
    assert (alone.value, alone.std, alone.n, alone.status, alone.failure) == (None, None, 0, Status.UNPHYSICAL, None)


def test_where_all_failed_the_mean_is_the_failure_and_reasons_are_said_once() -> None:
    other = Failure(FailureCode.BLOWN_UP, "press_2", "NaN.")
    mean = ReplicaMean.of([failed(0), failed(1, other), failed(2)])
    assert (mean.value, mean.status, mean.failure) == (None, Status.FAILED, NO_PACKING)
    assert "seeds 0, 2 failed (packing)" in mean.shortfall
    assert "seed 1 failed (blown_up)" in mean.shortfall


@pytest.mark.parametrize(
    "records",
    [
        [],
        [simulated(0, 1.0), simulated(0, 1.0)],
        [simulated(0, 1.0), Record.of_value(Request(Subject("polymer", "*C*"), "md/standard@2", 1), "density", 1.0)],
        [simulated(0, 1.0), Record.of_value(Request(UNIT.subject, "md/full@2", 1), "density", 1.0)],
        [simulated(0, 1.0), Record.of_value(Request(UNIT.subject, "md/standard@2", 1), "bulk_modulus", 1.0)],
        [
            simulated(0, 1.0),
            Record.of_value(Request(UNIT.subject, "md/standard@2", 1, Conditions(400.0)), "density", 1.0),
        ],
    ],
)
def test_what_differs_in_more_than_the_seed_is_no_set_of_replicas(records: list[Record]) -> None:
    with pytest.raises(InvalidInputError, match="differ in their seeds alone"):
        ReplicaMean.of(records)


# Computing them


def test_each_replica_is_an_evaluation_of_its_own_and_only_missing_ones_are_computed(tmp_path: Path) -> None:
    (single,) = compute_properties([UNIT], protocol=INSTANT, store=place(tmp_path), seed=8)
    assert single.means == ()
    assert single.values == single.records
    lines: list[str] = []
    (result,) = compute_properties(
        [UNIT], protocol=INSTANT, store=place(tmp_path), seed=7, replicas=3, progress=lines.append
    )
    assert [record.request.seed for record in result.records] == [7, 8, 9] * len(PROPERTIES)
    # Wall time is part of the provenance: equal only if the very same records came back.
    assert result.records[1::3] == single.records
    assert sorted(line.rpartition("  ")[2] for line in lines) == ["seed 7", "seed 8", "seed 9"]
    assert tuple(mean.property for mean in result.means) == PROPERTIES
    assert result.values == result.means
    volume = result.means[1]
    assert volume.replicas == result.records[3:6]
    assert len({record.value for record in volume.replicas}) > 1, "seeds give other conformers"
    assert volume.value == pytest.approx(np.mean([record.value for record in volume.replicas]))
    assert volume.std == pytest.approx(np.sqrt(np.mean([(record.std or 0.0) ** 2 for record in volume.replicas])))
    with Store(place(tmp_path)) as store:
        assert len(store.records()) == 3 * len(PROPERTIES), "the means are not in the store"
    (again,) = compute_properties([UNIT], protocol=INSTANT, store=place(tmp_path), seed=7, replicas=3)
    assert again == result


def test_failures_that_the_store_has_leave_a_mean_of_the_others(tmp_path: Path) -> None:
    request = Request(UNIT.subject, INSTANT, 1)
    keep(tmp_path, *[Record.failed(request, name, NO_PACKING) for name in PROPERTIES])
    (result,) = compute_properties([UNIT], protocol=INSTANT, properties=["density"], store=place(tmp_path), replicas=3)
    (mean,) = result.means
    assert (mean.count, mean.status) == ("2 of 3", Status.DONE)
    (mended,) = compute_properties(
        [UNIT], protocol=INSTANT, properties=["density"], store=place(tmp_path), replicas=3, retry_failed=True
    )
    assert mended.means[0].count == "3 of 3"


def test_the_dictionary_has_the_mean_and_the_way_to_each_replica(tmp_path: Path) -> None:
    (result,) = compute_properties([UNIT], protocol=INSTANT, store=place(tmp_path), replicas=2)
    content = result.to_dict()
    density = content["means"][1]
    assert (density["property"], density["averaged"], density["shortfall"]) == ("density", 2, "")
    assert not {"seed", "key", "provenance"} & set(density), "a mean is no record"
    by_key = {(record["key"], record["property"]): record for record in content["records"]}
    for replica in density["replicas"]:
        assert by_key[replica["key"], "density"]["value"] == replica["value"]
        assert by_key[replica["key"], "density"]["seed"] == replica["seed"]


def test_the_csv_has_means_and_how_many_were_averaged_and_can_be_read_again(tmp_path: Path) -> None:
    keep(
        tmp_path,
        *[Record.failed(Request(Subject("polymer", "*C*"), INSTANT, 1), name, NO_PACKING) for name in PROPERTIES],
    )
    results = compute_properties(
        [UNIT, Polymer("*C*")], protocol=INSTANT, properties=["density"], store=place(tmp_path), replicas=3
    )
    write_properties(results, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open() as stream:
        first, second = csv.DictReader(stream)
    assert (first["density_replicas"], first["status"], first["failure"]) == ("3", "done", "")
    assert (second["density_replicas"], second["status"], second["failure"]) == ("2", "done+failed", "packing")
    measured = read_measured(tmp_path / "out.csv").at(UNIT.canonical)["density"]
    assert (measured.value, measured.std) == (results[0].means[0].value, results[0].means[0].std)


def test_no_replica_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="0 replicas are none"):
        compute_properties([UNIT], protocol=INSTANT, store=place(tmp_path), replicas=0)
    with pytest.raises(InvalidInputError, match="Give 1 or more"):
        preview_properties([UNIT], protocol=INSTANT, replicas=-1)
    assert not (tmp_path / "s.sqlite").exists()
