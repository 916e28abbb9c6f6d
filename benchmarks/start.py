"""Measure what a start costs: `polyloop --help`, `import polyloop`, and Python itself, in CPU seconds.

Usage: python benchmarks/start.py

The least of seven tries each, in fresh processes; written to results/start.json. The aims are 0.35 s for the help and
0.1 s for the import, Python's own start included. Exits with 1 where one is missed.
"""

from __future__ import annotations

import resource
import subprocess
import sys

import machine

TRIES = 7
AIMS = {"python": (("-c", "pass"), None), "import": (("-c", "import polyloop"), 0.1)}
AIMS["help"] = (("-m", "polyloop.app.cli", "--help"), 0.35)


def cpu_seconds(arguments: tuple[str, ...]) -> float:
    """User and system time of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def main() -> None:
    machine.parser(__doc__).parse_args()
    least = {name: min(cpu_seconds(call) for _ in range(TRIES)) for name, (call, _) in AIMS.items()}
    aims = {name: aim for name, (_, aim) in AIMS.items() if aim is not None}
    missed = [name for name, aim in aims.items() if least[name] > aim]
    found = {"cpu_s": least, "aims_s": aims, "missed": missed, "machine": machine.describe("typer", "pydantic")}
    print(least, machine.write("start", found))
    if missed:
        sys.exit(f"Slower than wanted: {', '.join(missed)}.")


if __name__ == "__main__":
    main()
