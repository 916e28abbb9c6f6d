"""Kill a campaign sixty times at random moments, start it again each time, and see what was repeated or lost.

A small campaign (two workers; a function that sleeps for 0.1 to 0.4 s and notes each call) runs once to its end, and
once more in another folder, where its process is killed (SIGKILL) at a moment drawn at random from its first seconds
and the same command is given again, until it has been killed so many times; then it may finish. Reported: whether the
picks and values are those of the campaign that nobody killed, evaluations that ran although their result was in the
store, evaluations that a kill cost (at most one a worker), and results that were in the store and are not any more.

    python benchmarks/campaign_kills.py --folder FOLDER [--kills 60] [--seed 0] [--longest 8]
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import machine
from polyloop.campaign import Campaign
from polyloop.core import Status
from polyloop.design.pool import Pool

WORKERS = 2
FUNCTION = """
import os, time, zlib
from pathlib import Path

LOG = Path(__file__).with_name("calls.log")


def evaluate(smiles, seed):
    handle = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{smiles}\\n".encode())
    os.close(handle)
    draw = zlib.crc32(smiles.encode())
    time.sleep(0.1 + draw % 300 / 1000)
    if draw % 11 == 0:
        raise ValueError("this one never works")
    return {"refractive_index": 1.3 + draw % 97 / 200, "abbe_number": (20 + draw % 89 / 2, 0.5)}
"""
CAMPAIGN = f"""
[campaign]
name = "kills"
cycles = 30
batch = 8
workers = {WORKERS}

[[objectives]]
property = "refractive_index"
direction = "maximize"
evaluator = "slow"

[[objectives]]
property = "abbe_number"
direction = "maximize"
evaluator = "slow"

[evaluators.slow]
python = "slow:evaluate"

[pool]
source = "csv"
file = "pool.csv"

[features]
blocks = ["ecfp"]

[surrogate]
name = "ensemble"

[initial]
size = 10
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--longest", type=float, default=8.0, help="s after which a kill comes at the latest")
    options = parser.parse_args()
    quiet, killed = (prepared(options.folder / name) for name in ("quiet", "killed"))
    assert command(quiet).wait() == 0
    moments, repeated, cost, lost, made = random.Random(options.seed), 0, [], 0, []
    while len(made) < options.kills:
        known, before = finished(killed), len(calls(killed))
        process, moment = command(killed), moments.uniform(0.0, options.longest)
        time.sleep(moment)
        if process.poll() is not None:
            raise SystemExit(f"It ended after {len(made)} kills: give a smaller --longest.")
        process.kill()
        process.wait()
        made.append(round(moment, 3))
        begun, now = calls(killed)[before:], finished(killed)
        repeated += len(known & set(begun))
        lost += len(known - now)
        cost.append(len(set(begun) - now))
    assert command(killed).wait() == 0
    result: dict[str, Any] = machine.describe("sqlalchemy") | {
        "kills": len(made),
        "moments_s": made,
        "evaluations": len(outcome(quiet)),
        "equal_picks_and_values": outcome(killed) == outcome(quiet),
        "finished_evaluations_repeated": repeated,
        "finished_evaluations_lost": lost,
        "evaluations_begun_again": sum(cost),
        "most_begun_again_by_one_kill": max(cost),
        "workers": WORKERS,
    }
    print({name: value for name, value in result.items() if name != "moments_s"})
    machine.write("campaign_kills", result)


def prepared(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "slow.py").write_text(FUNCTION)
    (folder / "c.toml").write_text(CAMPAIGN)
    units = Pool.from_virtual_library(400, seed=1, heavy_atoms=(2, 20)).texts
    (folder / "pool.csv").write_text("smiles\n" + "".join(f"{unit}\n" for unit in units))
    return folder


def command(folder: Path) -> subprocess.Popen[bytes]:
    words = ["discover", "c.toml", "-d", "run", "-q", "--no-report"]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "polyloop.app.cli", *words], cwd=folder, env=dict(os.environ), stdout=log, stderr=log
        )


def calls(folder: Path) -> list[str]:
    log = folder / "calls.log"
    return log.read_text().split() if log.exists() else []


def finished(folder: Path) -> set[str]:
    """Polymers whose result the store of a run holds."""
    if not (folder / "run" / "campaign.toml").exists():
        return set()
    campaign = Campaign.from_directory(folder / "run")
    if campaign.name is None:
        return set()
    with campaign.open_store() as store:
        assert store.check() == []
        found = store.evaluations(statuses=[Status.DONE, Status.FAILED, Status.UNPHYSICAL])
        return {evaluation.request.subject.text for evaluation in found}


def outcome(folder: Path) -> list[tuple[int, str, float | None, float | None]]:
    candidates = Campaign.from_directory(folder / "run").state().candidates
    return [(one.cycle, one.text, one.value("refractive_index"), one.value("abbe_number")) for one in candidates]


if __name__ == "__main__":
    main()
