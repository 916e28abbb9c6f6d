"""Fail when the coverage of a room, any folder of `src/polyloop`, is below the floor: `coverage_floor.py 90`."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path


def room_coverage(report: dict[str, object], room: str) -> float:
    """Covered share of the statements of `src/polyloop/<room>`, in percent."""
    files = report["files"]
    summaries = [f["summary"] for name, f in files.items() if f"polyloop/{room}/" in name]  # type: ignore[attr-defined]
    statements = sum(s["num_statements"] for s in summaries)
    return 100.0 * sum(s["covered_lines"] for s in summaries) / statements


def rooms() -> list[str]:
    """Every folder of the package, so that a new one is held to the floor without being named."""
    package = Path(__file__).parents[1] / "src" / "polyloop"
    return sorted(path.parent.name for path in package.glob("*/__init__.py"))


def main(floor: float) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "-q", "-o", str(path)], check=True)
        report = json.loads(path.read_text())
    shares = {room: room_coverage(report, room) for room in rooms()}
    for room, share in shares.items():
        print(f"coverage of {room}: {share:.1f} % (floor {floor:g} %)")
    return int(any(share < floor for share in shares.values()))


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
