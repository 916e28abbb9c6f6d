"""Set polyloop up from a bare Python and run it: `python3 bootstrap.py demo` or `python3 bootstrap.py test`.

Everything goes into the folder `.venv` beside this file. Needs Python 3.11 to 3.13 with pip; nothing else.
"""

import os
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
EXTRAS = {"demo": "", "test": "[test]", "check": "[test,lint,docs,postgres,benchmarks]"}
# One thread per worker: spinning threads on shared cores fight each other.
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
# The tests start hundreds of processes: none compiles a module that another has compiled, even where that is forbidden.
SETTINGS = {**THREADS, "OMP_WAIT_POLICY": "passive", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": ""}
USAGE = """usage: python3 bootstrap.py COMMAND [ARGUMENTS]

  demo     install, then run the demo campaign (examples/demo.toml) on real physics
  test     install, then run the tests that are not marked slow; further arguments go to pytest, and `-m slow` runs
           the others, `-m ""` all
  check    install what the checks need too (tests, lint, types, import contracts, docs), run nothing
"""


def run(*command: object, quiet: bool = False) -> None:
    """Run a command in the repository's root; stop with its exit code if it fails."""
    if not quiet:
        print("+", *command, flush=True)
    code = subprocess.call([str(part) for part in command], cwd=ROOT, env={**os.environ, **SETTINGS})
    if code:
        sys.exit(code)


def install(extras: str) -> None:
    """Create the environment once and bring it up to date with pyproject.toml and constraints.txt."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        found = ".".join(map(str, sys.version_info[:3]))
        sys.exit(f"polyloop needs Python 3.11 to 3.13; this is {found}. Run this file with another python3.")
    started = time.monotonic()
    if not PYTHON.exists():
        venv.create(ENVIRONMENT, with_pip=True)
    pip = (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*pip, "--constraint", ROOT / "constraints.txt", "--editable", f"{ROOT}{extras}")
    print(f"installed into {ENVIRONMENT.name} in {time.monotonic() - started:.0f} s", flush=True)


def main(arguments: list[str]) -> None:
    """Dispatch on the first argument."""
    if not arguments or arguments[0] not in EXTRAS:
        sys.exit(USAGE)
    command, *rest = arguments
    install(EXTRAS[command])
    if command == "demo":
        run(PYTHON, "-m", "polyloop.app.cli", "discover", "examples/demo.toml", "--directory", "runs/demo", *rest)
    elif command == "test":
        chosen = [] if any(part.startswith("-m") for part in rest) else ["-m", "not slow"]
        run(PYTHON, "-m", "pytest", "-n", os.cpu_count() or 1, *chosen, *rest)


if __name__ == "__main__":
    main(sys.argv[1:])
