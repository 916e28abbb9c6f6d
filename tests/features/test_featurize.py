"""featurize: one row per input, failures with reasons, limits kept, and nothing computed twice."""

import json
import os
import signal
import subprocess
import sys
import time
from multiprocessing import resource_tracker

import numpy as np
import psutil
import pytest

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError, PolyloopError, StoreError
from polyloop.features import FeatureTable, featurize
from polyloop.features.block import block_tag, get_block
from polyloop.features.cache import CachedFailure, FeatureCache
from polyloop.features.worker import Evaluation
from polyloop.features.workers import evaluate_in_processes, parse_in_processes

HERE = {"time_limit": None, "memory_limit": None}
# Long enough that its descriptors take a second, whatever the machine; the last S keeps it from being a repetition.
HUGE = "*" + "C(C)(C)COC(=O)c1ccc(cc1)C(=O)N" * 80 + "S*"


@pytest.fixture
def workers():
    """What is started from here on: the resource tracker that stays, and a pool's guard, are no workers."""
    resource_tracker.ensure_running()
    earlier = set(psutil.Process().children())

    def started():
        found = set(psutil.Process().children()) - earlier
        return {child for child in found if "guard.py" not in " ".join(child.cmdline())}

    return started


def test_rows_follow_the_input_and_equal_polymers_share_their_row():
    table = featurize(["*CC(*)C", "*CC*", "*C(C)C*"], ("ecfp", "rdkit2d"), **HERE)
    assert len(table) == 3
    assert table.valid.all()
    assert table.polymers == tuple(Polymer(s).canonical for s in ("*CC(*)C", "*CC*", "*CC(*)C"))
    assert table.blocks["ecfp"].shape == (3, 2048)
    for values in table.blocks.values():
        np.testing.assert_array_equal(values[0], values[2])
        assert np.abs(values[0] - values[1]).max() > 0


def test_failures_have_reasons_and_harm_no_other_row():
    table = featurize(["*CC*", "CC", "*O[Si](*)(C)C", "*CC(*)F"], ("forcefield", "ecfp"), **HERE)
    assert table.valid.tolist() == [True, False, False, True]
    assert "'CC'" in table.failures[1]
    assert "forcefield" in table.failures[2]
    assert "Si" in table.failures[2]
    assert np.isnan(table.blocks["forcefield"][2]).all()
    assert table.blocks["ecfp"][2].sum() > 0, "a block that does apply is kept"


def test_workers_give_the_same_as_this_process():
    polymers = ["*CC(*)c1ccccc1", "*CC(*)(C)C(=O)OC", "*O[Si](*)(C)C", "*CCO*"]
    here, there = featurize(polymers, **HERE), featurize(polymers, workers=2)
    for name in here.blocks:
        np.testing.assert_array_equal(here.blocks[name], there.blocks[name])
    assert here.failures == there.failures


def test_many_polymers_are_parsed_in_the_workers_with_the_same_outcome(monkeypatch):
    texts = [f"*{'C' * n}O*" for n in range(1, 12)] + ["nonsense", "*CC"]
    here = parse_in_processes("polymer", texts, 1)
    monkeypatch.setattr("polyloop.features.workers._TEXTS", 1)
    there = parse_in_processes("polymer", texts, 2)
    assert list(map(str, there)) == list(map(str, here))
    assert [type(parsed).__name__ for parsed in there[-3:]] == ["Subject", "InvalidInputError", "InvalidInputError"]


def test_a_polymer_that_takes_too_long_is_given_up_and_the_others_are_done():
    start = time.monotonic()
    table = featurize(["*CC*", HUGE, "*CCO*"], ("rdkit2d",), time_limit=0.2)
    assert time.monotonic() - start < 60
    assert list(table.failures) == [1]
    assert "time limit of 0.2 s" in table.failures[1]
    assert np.isfinite(table.blocks["rdkit2d"][[0, 2]]).all()


def test_a_polymer_that_takes_too_much_memory_is_given_up():
    table = featurize(["*CC*", HUGE, "*CCO*"], ("rdkit2d",), time_limit=60.0, memory_limit=2**20)
    assert 1 in table.failures
    assert "memory" in table.failures[1] or "died" in table.failures[1]


def test_a_worker_that_is_killed_costs_one_evaluation_at_most(workers):
    tasks = [(Polymer(f"*{'C' * n}O*").canonical, "rdkit2d") for n in range(1, 25)]
    outcomes: dict[str, Evaluation] = {}
    for (smiles, _), outcome in evaluate_in_processes(tasks, workers=1, time_limit=60.0, memory_limit=2**31):
        if not outcomes:
            for child in workers():
                child.send_signal(signal.SIGKILL)
        outcomes[smiles] = outcome
    assert len(outcomes) == len(tasks)
    lost = [outcome.reason for outcome in outcomes.values() if outcome.values is None]
    assert len(lost) <= 1
    assert all("died" in reason for reason in lost)


def test_no_worker_is_left_behind(workers):
    featurize(["*CC*"], ("ecfp",))
    assert workers() == set()


def test_progress_may_interrupt_and_what_was_computed_is_kept(tmp_path, workers):
    def stop_after_one(done, total):
        if done:
            raise KeyboardInterrupt

    file, polymers = tmp_path / "f.sqlite", ["*CC*", "*CCO*", "*CC(*)C"]
    with pytest.raises(KeyboardInterrupt):
        featurize(polymers, ("ecfp",), cache=file, progress=stop_after_one)
    assert workers() == set()
    steps = []
    featurize(polymers, ("ecfp",), cache=file, progress=lambda done, total: steps.append(done), **HERE)
    assert steps[0] >= 1


def test_what_is_cached_is_not_computed_again(tmp_path, monkeypatch):
    polymers = ["*CC(*)C", "*O[Si](*)(C)C"]
    first = featurize(polymers, cache=tmp_path / "f.sqlite", **HERE)

    def refuse(smiles, name):
        pytest.fail("computed again")

    monkeypatch.setattr("polyloop.features.featurization.evaluate_text", refuse)
    second = featurize(["*C(C)C*", polymers[1]], cache=tmp_path / "f.sqlite", **HERE)
    for name in first.blocks:
        np.testing.assert_array_equal(first.blocks[name], second.blocks[name])
    assert second.failures == first.failures


def test_a_failure_by_time_limit_is_tried_again_with_more_time(tmp_path):
    with FeatureCache(tmp_path / "f.sqlite") as cache:
        key = Polymer("*CC*").key
        cache.put(block_tag(get_block("ecfp")), [(key, CachedFailure("The time limit was reached.", 1.0))])
    cached = {"cache": tmp_path / "f.sqlite", "memory_limit": None}
    assert featurize(["*CC*"], ("ecfp",), time_limit=1.0, **cached).failures == {0: "The time limit was reached."}
    assert featurize(["*CC*"], ("ecfp",), time_limit=5.0, **cached).failures == {}


def test_a_killed_run_keeps_what_it_committed(tmp_path):
    """SIGKILL in the middle; the next run finds committed rows, and ends with the same table as an undisturbed one."""
    polymers = [f"*{'C' * n}O{'C' * m}N*" for n in range(1, 31) for m in range(1, 31)]
    script = (
        "import json, sys; from pathlib import Path; from polyloop.features import featurize\n"
        "polymers = json.load(sys.stdin)\n"
        "featurize(polymers, ('rdkit2d',), cache=Path(sys.argv[1]), time_limit=None, memory_limit=None)\n"
    )
    file, source = tmp_path / "f.sqlite", tmp_path / "polymers.json"
    source.write_text(json.dumps(polymers))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with source.open() as stdin:
        process = subprocess.Popen([sys.executable, "-c", script, str(file)], stdin=stdin, env=environment)
    deadline = time.monotonic() + 120
    keys = [Polymer(smiles).key for smiles in polymers]
    block = get_block("rdkit2d")

    def committed():
        with FeatureCache(file) as cache:
            return dict(cache.get(block_tag(block), keys, block.storage, len(block.names())))

    while not (rows := committed()) and time.monotonic() < deadline:
        time.sleep(0.1)
    process.kill()
    process.wait()
    assert 0 < len(rows) < len(polymers)
    some = [smiles for smiles, key in zip(polymers, keys, strict=True) if key in rows][:5]
    np.testing.assert_array_equal(
        featurize(some, ("rdkit2d",), cache=file, **HERE).blocks["rdkit2d"],
        featurize(some, ("rdkit2d",), **HERE).blocks["rdkit2d"],
    )


def test_progress_counts_distinct_polymers(tmp_path):
    steps = []
    kept = {"cache": tmp_path / "f.sqlite", "progress": lambda done, total: steps.append((done, total)), **HERE}
    featurize(["*CC*", "*CCO*", "*CCC*", "*CO*"], ("ecfp",), **kept)
    assert steps == [(0, 3), (1, 3), (2, 3), (3, 3)]
    steps.clear()
    featurize(["*CC*", "*CC(*)C"], ("ecfp",), **kept)
    assert steps == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"blocks": ()}, "No block"),
        ({"blocks": ("fcfp",)}, "fcfp"),
        ({"workers": 0}, "workers"),
        ({"time_limit": -1.0}, "time_limit"),
    ],
)
def test_wrong_settings_are_refused(settings, words):
    with pytest.raises(PolyloopError, match=words):
        featurize(["*CC*"], **settings)


def test_a_damaged_cache_is_named(tmp_path):
    file = tmp_path / "f.sqlite"
    file.write_bytes(b"this is no database, but it is long enough to be read as one" * 20)
    with pytest.raises(StoreError, match=r"f\.sqlite.*delete it"):
        featurize(["*CC*"], ("ecfp",), cache=file, **HERE)


def test_a_damaged_row_is_computed_again(tmp_path):
    file = tmp_path / "f.sqlite"
    good = featurize(["*CC*"], ("ecfp",), cache=file, **HERE)
    with FeatureCache(file) as cache:
        cache._connection.execute("UPDATE features SET value = x'00'")
        cache._connection.commit()
    again = featurize(["*CC*"], ("ecfp",), cache=file, **HERE)
    np.testing.assert_array_equal(good.blocks["ecfp"], again.blocks["ecfp"])


def leave(blocks, memory_limit, kind):
    raise SystemExit("no such room")


def test_a_worker_that_cannot_start_says_so(monkeypatch):
    monkeypatch.setattr("polyloop.features.workers.prepare", leave)
    with pytest.raises(PolyloopError, match="no such room"):
        list(evaluate_in_processes([("*CC*", "ecfp")], workers=1, time_limit=5.0, memory_limit=2**30))


def test_a_table_survives_saving(tmp_path):
    table = featurize(["*CC*", "nonsense", "*CC(*)C"], ("ecfp",), **HERE)
    table.save(tmp_path / "table.npz")
    loaded = FeatureTable.load(tmp_path / "table.npz")
    assert (loaded.polymers, loaded.failures, loaded.names) == (table.polymers, table.failures, table.names)
    np.testing.assert_array_equal(loaded.blocks["ecfp"], table.blocks["ecfp"])
    assert loaded.blocks["ecfp"].dtype == np.float32


def test_rows_can_be_taken_by_index_and_mask():
    table = featurize(["*CC*", "nonsense", "*CC(*)C"], ("ecfp",), **HERE)
    assert table.take([2, 1]).failures == {1: table.failures[1]}
    assert table.take(table.valid).polymers == (table.polymers[0], table.polymers[2])
    assert table.take([-1]).polymers == (table.polymers[2],)


def test_a_file_that_is_no_table_is_named(tmp_path):
    (tmp_path / "x.npz").write_bytes(b"PK\x03\x04 broken")
    with pytest.raises(InvalidInputError, match=r"x\.npz"):
        FeatureTable.load(tmp_path / "x.npz")


def test_a_table_checks_its_shapes():
    with pytest.raises(InvalidInputError, match="2 polymers"):
        FeatureTable(("*C*", "*CO*"), {"ecfp": np.zeros((3, 4))})
