"""Eight processes write 12,500 records each into one store, on SQLite and on PostgreSQL: how long does a call take?

Every evaluation is claimed and finished with five records, as campaigns do it, so that a writer makes 2,500 claims and
2,500 results; each is one transaction that is synced to disk. A ninth process meanwhile imports a table of 2,000
polymers with five values each. Reported per database: records per second, and of the calls (claims and results
together) the median, the 99th percentile and the longest; then what the store holds, and what `check` says of it.

    python benchmarks/store_writers.py --folder FOLDER [--postgres URL] [--writers 8] [--records 12500]

The URL is that of an empty database.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import make_url

import machine
from polyloop.core import Record, Request, Subject
from polyloop.design.pool import Pool
from polyloop.store import Store, new_owner

PROPERTIES = ("refractive_index", "abbe_number", "density", "static_polarizability", "glass_transition_temperature")
IMPORTED = 2_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--postgres", default="")
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--records", type=int, default=12_500)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    units = Pool.from_virtual_library(IMPORTED, seed=0).texts
    (options.folder / "units.txt").write_text("\n".join(units))
    places = {"sqlite": str(options.folder / "writers.sqlite")} | {"postgresql": options.postgres}
    result: dict[str, Any] = machine.describe("sqlalchemy")
    result |= {"writers": options.writers, "records_of_a_writer": options.records, "imported_polymers": IMPORTED}
    for kind, place in places.items():
        if place:
            result[kind] = measured(place, options)
            print(kind, result[kind])
    machine.write("store_writers", result)


def measured(place: str, options: argparse.Namespace) -> dict[str, Any]:
    Store(place).close()
    spawned = multiprocessing.get_context("spawn")
    answers: Any = spawned.Queue()
    ready = spawned.Barrier(options.writers + 2)
    words = (place, str(options.folder), options.records // len(PROPERTIES), ready, answers)
    processes = [spawned.Process(target=write, args=(number, *words)) for number in range(options.writers)]
    processes.append(spawned.Process(target=bring, args=words))
    for process in processes:
        process.start()
    ready.wait(120)
    started = time.perf_counter()
    told = [answers.get(timeout=3600) for _ in processes]
    wall = time.perf_counter() - started
    for process in processes:
        process.join()
    calls = np.concatenate([np.asarray(seconds) for who, seconds in told if who == "writer"])
    imported = next(seconds[0] for who, seconds in told if who == "importer")
    with Store(place) as store:
        held, problems = len(store.records()), store.check()
    expected = options.writers * options.records + IMPORTED * len(PROPERTIES)
    assert held == expected, (held, expected)
    return {
        "server": make_url(place).get_backend_name() if "://" in place else "file",
        "records_per_s": round(held / wall, 1),
        "wall_s": round(wall, 1),
        "calls": len(calls),
        "median_ms": round(1000 * float(np.median(calls)), 2),
        "p99_ms": round(1000 * float(np.quantile(calls, 0.99)), 2),
        "longest_ms": round(1000 * float(calls.max()), 1),
        "longer_than_2_s": int((calls > 2.0).sum()),
        "import_s": round(imported, 1),
        "records": held,
        "problems": problems,
    }


def answer(request: Request, seed: int) -> list[Record]:
    return [Record.of_value(request, name, 1.2 + seed % 97 / 500, std=0.01) for name in PROPERTIES]


def write(number: int, place: str, folder: str, evaluations: int, ready: Any, answers: Any) -> None:
    units = (Path(folder) / "units.txt").read_text().splitlines()
    owner, seconds = new_owner(), []
    with Store(place) as store:
        ready.wait(120)
        for index in range(evaluations):
            request = Request(
                Subject("polymer", units[index % len(units)]), "optics/quick@2", number * evaluations + index
            )
            started = time.perf_counter()
            store.claim(request, owner)
            claimed = time.perf_counter()
            found = answer(request, index)
            begun = time.perf_counter()
            store.finish(request, found, owner)
            seconds += [claimed - started, time.perf_counter() - begun]
    answers.put(("writer", seconds))


def bring(place: str, folder: str, evaluations: int, ready: Any, answers: Any) -> None:
    units = (Path(folder) / "units.txt").read_text().splitlines()
    found = [
        record
        for unit in units
        for record in answer(Request(Subject("polymer", unit), "measured/table@1"), evaluations)
    ]
    with Store(place) as store:
        ready.wait(120)
        started = time.perf_counter()
        store.add(found)
        answers.put(("importer", [time.perf_counter() - started]))


if __name__ == "__main__":
    main()
