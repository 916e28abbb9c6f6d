"""Kill an evaluation by molecular dynamics at ten random moments, start it again each time, and see what was lost.

The command `polyloop properties` runs in a process of its own, with a store and a scratch folder below --folder, and is
killed (SIGKILL) at moments drawn at random, one in each tenth of the expected duration: in turns the command alone,
whose worker and engine must then end by themselves or be ended by the next start, and the whole tree at once. It is
started again at once. Reported: whether it finishes; files of finished steps that changed afterwards (none should);
the wall time lost by each kill (from the newest file that a restart can use, at most five minutes) and the simulated
time run again; stages that were taken for blown up; processes that outlived their command; and the density beside that
of a run that was not killed.

    python benchmarks/md_kills.py --folder FOLDER [--protocol md/standard@2] [--smiles '*CC*'] [--engine gromacs]
        [--kills 10] [--seed 0] [--evaluation-seed 0] [--reference-store FILE] [--expected SECONDS]

The run that is not killed is looked up in --reference-store, and else run first, in the same folder. --expected is its
wall time where it is not known from that. The script itself may be stopped and started again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import machine
from polyloop.chem import Polymer
from polyloop.core import Conditions, Record, Request, write_atomically
from polyloop.simulate import protocols
from polyloop.simulate.md.protocols.recipes import SMOKE, Recipe, get_recipe
from polyloop.simulate.md.run import workflow
from polyloop.simulate.md.run.estimates import PROPERTIES
from polyloop.store import Store

LOOK_S = 0.05
# Files that a finished step leaves, and those from which an engine goes on.
FINISHED = ("charges/*/arrays.npz", "cells/*/arrays.npz", "stages/*/result.npz", "stages/*/cost.json")
CHECKPOINTS = ("stages/*/checkpoint-*.restart", "stages/*/checkpoint*.npz")

# The recipe of the tests, to try this script with. Here, because worker processes import the main module.
protocols.PROTOCOLS.add(SMOKE.protocol_id, protocols.Protocol(
    SMOKE.name, SMOKE.version, "smoke", PROPERTIES, "seconds", SMOKE.description,
    partial(workflow.simulate_polymer, SMOKE.protocol_id), partial(workflow.check_scope, SMOKE.protocol_id),
    conditions=("temperature", "pressure"),
))  # fmt: skip


def main() -> None:
    options = arguments()
    options.folder = options.folder.absolute()
    options.folder.mkdir(parents=True, exist_ok=True)
    reference, expected = unkilled(options)
    state = killed(options, expected)
    result = report(options, state, reference, expected)
    machine.write("md_kills", result)
    print(table(result))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--protocol", default="md/standard@2")
    parser.add_argument("--smiles", default="*CC*")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--temperature", type=float, default=300.0)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--evaluation-seed", type=int, default=0, help="of conformers, chains and cells")
    parser.add_argument("--reference-store", type=Path)
    parser.add_argument("--expected", type=float, help="s of wall time of a run that is not killed")
    return parser.parse_args()


# The command


def command(options: argparse.Namespace, name: str) -> subprocess.Popen[bytes]:
    """Start `polyloop properties` with store and scratch of the run `name`."""
    words = [
        "properties", options.smiles, "--protocol", options.protocol, "--temperature", str(options.temperature),
        "--seed", str(options.evaluation_seed), "--store", str(options.folder / f"{name}.sqlite"),
    ]  # fmt: skip
    environment = os.environ | {
        "POLYLOOP_SCRATCH": str(options.folder / name),
        "POLYLOOP_MD_ENGINE": options.engine,
    }
    with (options.folder / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, str(Path(__file__).absolute()), "command", *words], env=environment, stdout=log, stderr=log
        )  # fmt: skip


def request(options: argparse.Namespace) -> Request:
    conditions = Conditions(options.temperature, 1.0)
    return Request(Polymer(options.smiles).subject, options.protocol, options.evaluation_seed, conditions)


def records(options: argparse.Namespace, store: Path) -> dict[str, Record]:
    with Store(store) as opened:
        return {record.property: record for record in opened.records(keys=[request(options).key])}


def unkilled(options: argparse.Namespace) -> tuple[dict[str, Record], float]:
    """Records of a run that nobody kills, and how long one takes in s of wall time."""
    if options.reference_store is not None:
        found = records(options, options.reference_store)
        if not found:
            raise SystemExit(f"{options.reference_store} has no {options.protocol} of {options.smiles}.")
        cost = found["density"].provenance.settings["cost"]
        return found, options.expected or float(cost["wall_s"] + cost["build_cpu_s"])
    note, root = options.folder / "reference.json", options.folder / "reference" / "md"
    if not note.exists():
        began, process = time.time(), command(options, "reference")
        working = 0.0
        while process.poll() is None:
            working = worked(root, began, working)
            time.sleep(LOOK_S)
        if process.returncode != 0 or records(options, options.folder / "reference.sqlite")["density"].value is None:
            raise SystemExit(f"The run that is not killed failed; see {options.folder / 'reference.log'}.")
        write_atomically(note, json.dumps({"wall_s": time.time() - working}))
    wall = float(json.loads(note.read_text())["wall_s"])
    return records(options, options.folder / "reference.sqlite"), options.expected or wall


def worked(root: Path, began: float, since: float) -> float:
    """Since when a command that was started at `began` has worked, and not only loaded; 0: not yet."""
    updated = float(progress(root).get("updated", 0.0))
    return since or (updated if updated >= began else 0.0)


# The kills


def killed(options: argparse.Namespace, expected: float) -> dict[str, Any]:
    """Run and kill in turns; return what was seen. Kept in kills.json after each kill, and gone on with from there."""
    note = options.folder / "kills.json"
    rng = np.random.default_rng(options.seed)
    moments = expected * (np.arange(options.kills) + rng.uniform(0.05, 0.95, options.kills)) / options.kills
    state: dict[str, Any] = {"moments": moments.tolist(), "kills": [], "wall_s": 0.0, "loading_s": 0.0}
    if note.exists():
        state = json.loads(note.read_text())
    while "exit_code" not in state:
        number = len(state["kills"])
        due = state["moments"][number] if number < len(state["moments"]) else None
        sitting(options, state, due, whole=bool(number % 2))
        write_atomically(note, json.dumps(state, indent=1))
    return state


def sitting(options: argparse.Namespace, state: dict[str, Any], due: float | None, *, whole: bool) -> None:
    """Start the command, and kill it when it has run until `due` over all sittings; None: let it end."""
    root, recipe = options.folder / "killed" / "md", get_recipe(options.protocol)
    began, working, resumed = time.time(), 0.0, False
    process = command(options, "killed")
    while process.poll() is None:
        now, working = time.time(), worked(root, began, working)
        if state["kills"] and not resumed:
            resumed = resumption(root, recipe, state["kills"][-1], began)
        note_orphans(state, now)
        if due is not None and working and state["wall_s"] + now - working >= due:
            break
        time.sleep(LOOK_S)
    if process.poll() is None:
        kill = the_kill(process, root, recipe, began, whole=whole)
        state["kills"].append(kill)
    else:
        state["exit_code"] = process.returncode
        state["finished"] = {str(path): stamp for path, stamp in finished(root).items()}
        state["orphans_left"] = [pid for kill in state["kills"] for pid in alive(kill["family"])]
    state["wall_s"] += time.time() - (working or time.time())
    state["loading_s"] += (working or time.time()) - began


def the_kill(
    process: subprocess.Popen[bytes], root: Path, recipe: Recipe, began: float, *, whole: bool
) -> dict[str, Any]:
    """Kill the command, or all of its tree, and note what there was at that moment."""
    family = psutil.Process(process.pid).children(recursive=True)
    named = []
    for member in family:
        try:
            named.append([member.pid, member.create_time(), member.name()])
        except psutil.NoSuchProcess:
            continue
    process.kill()
    for member in family if whole else []:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()
    at = time.time()
    kept = [path.stat().st_mtime for pattern in (*FINISHED, *CHECKPOINTS) for path in root.glob(pattern)]
    return {
        "whole_tree": whole, "at": at, "step": progress(root).get("step", "start"),
        "ps_done": picoseconds(recipe, progress(root)), "sitting_s": at - began,
        "lost_s": at - max([began, *(stamp for stamp in kept if stamp <= at)]),
        "family": named, "finished": {str(path): stamp for path, stamp in finished(root).items()},
    }  # fmt: skip


def finished(root: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for pattern in FINISHED for path in root.glob(pattern)}


def progress(root: Path) -> dict[str, Any]:
    """What the simulation noted last of how far it is; it is written anew, never changed in place."""
    notes = list(root.glob("runs/*/progress.json"))
    return json.loads(notes[0].read_text()) if notes else {}


def picoseconds(recipe: Recipe, noted: dict[str, Any]) -> float:
    """Simulated time from the percentage, which counts integration steps of all stages begun or planned."""
    stages = [*recipe.equilibration, recipe.extension(1), recipe.vibrations]
    step = noted.get("step", "")
    extended = int(step.rpartition("_")[2]) - 1 if step.startswith(f"{recipe.production.name}_") else 0
    stages[-1:-1] = [recipe.extension(number + 2) for number in range(extended)]
    steps = [stage.duration / stage.timestep for stage in stages]
    left = noted.get("percent", 0.0) / 100.0 * sum(steps)
    done = 0.0
    for stage, count in zip(stages, steps, strict=True):
        done += stage.timestep * min(left, count)
        left -= min(left, count)
    return done


def resumption(root: Path, recipe: Recipe, kill: dict[str, Any], began: float) -> bool:
    """Note how far the run says it is when it has come back to the step of the last kill; whether it has."""
    noted = progress(root)
    if noted.get("updated", 0.0) < began:
        return False
    done = picoseconds(recipe, noted)
    if done > kill["ps_done"]:
        kill.setdefault("ps_resumed", kill["ps_done"])
        return True
    # The largest figure that is no progress of this sitting: what finished stages and the checkpoint gave.
    if noted["step"] == kill["step"] and noted["ns_per_day"] is None:
        kill["ps_resumed"] = max(done, kill.get("ps_resumed", 0.0))
    return noted["ns_per_day"] is not None


def alive(family: list[list[Any]]) -> list[list[Any]]:
    """Which processes of a killed tree still run."""
    found = []
    for pid, born, name in family:
        try:
            member = psutil.Process(pid)
            if member.create_time() == born and member.status() != psutil.STATUS_ZOMBIE:
                found.append([pid, born, name])
        except psutil.NoSuchProcess:
            continue
    return found


def note_orphans(state: dict[str, Any], now: float) -> None:
    """Note when the last process of each killed tree was gone."""
    for kill in state["kills"]:
        if "gone_after_s" not in kill and not alive(kill["family"]):
            kill["gone_after_s"] = now - kill["at"]


# The report


def report(
    options: argparse.Namespace, state: dict[str, Any], reference: dict[str, Record], expected: float
) -> dict[str, Any]:
    last = state["finished"]
    changed = {
        path for kill in state["kills"] for path, stamp in kill["finished"].items() if last.get(path) != stamp
    }  # fmt: skip
    aside = len(list((options.folder / "killed").glob("md/stages/*.damaged-*")))
    found = records(options, options.folder / "killed.sqlite") if state["exit_code"] == 0 else {}
    kills = [
        {
            "killed": "all processes" if kill["whole_tree"] else "the command",
            "during": kill["step"],
            "sitting_s": round(kill["sitting_s"], 1),
            "lost_s": round(kill["lost_s"], 1),
            "ps_again": round(max(0.0, kill["ps_done"] - kill["ps_resumed"]), 2) if "ps_resumed" in kill else None,
            "others_gone_after_s": round(kill["gone_after_s"], 1) if "gone_after_s" in kill else None,
        }
        for kill in state["kills"]
    ]
    return {
        "machine": machine.describe("numpy", "rdkit"), "protocol": options.protocol, "smiles": options.smiles,
        "engines": dict(found["density"].provenance.engines) if found else {}, "seed": options.seed,
        "kills": kills, "exit_code": state["exit_code"],
        "wall_s": round(state["wall_s"], 1), "loading_s": round(state["loading_s"], 1),
        "wall_s_of_a_run_not_killed": round(expected, 1),
        "most_lost_s": max((kill["lost_s"] for kill in kills), default=0.0),
        "finished_files_that_changed": sorted(path.rpartition("/md/")[2] for path in changed),
        "stages_set_aside": aside, "stages_with_half_the_timestep": halved(options.folder / "killed" / "md"),
        "processes_left": len(state["orphans_left"]),
        "density": {
            "killed": pair(found), "not killed": pair(reference), "difference_in_errors": apart(found, reference)
        },
    }  # fmt: skip


def halved(root: Path) -> int:
    """How many stages were taken for blown up, and run once more: a kill is no reason for that."""
    states = [json.loads(path.read_text()) for path in root.glob("stages/*/state.json")]
    return sum(state["divisor"] > 1 for state in states)


def pair(found: dict[str, Record]) -> list[float | None] | None:
    return [found["density"].value, found["density"].std] if found else None


def apart(found: dict[str, Record], reference: dict[str, Record]) -> float | None:
    """Difference of the two densities over its standard error, which knows of one cell over time only."""
    if not found or found["density"].value is None or reference["density"].value is None:
        return None
    one, other = found["density"], reference["density"]
    return round(abs(one.value - other.value) / float(np.hypot(one.std or 0.0, other.std or 0.0)), 2)


def table(result: dict[str, Any]) -> str:
    lines = ["| killed | during | sitting, s | lost, s | ps again | others gone after, s |", "|---" * 6 + "|"]
    lines += [f"| {' | '.join(str(value) for value in kill.values())} |" for kill in result["kills"]]
    shown = {name: value for name, value in result.items() if name not in ("kills", "machine")}
    return "\n".join([*lines, "", json.dumps(shown, indent=1)])


if __name__ == "__main__":
    if sys.argv[1:2] == ["command"]:
        from polyloop.app.cli.main import main as polyloop

        sys.exit(polyloop(sys.argv[2:]))
    main()
