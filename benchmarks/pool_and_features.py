"""Make a pool of 10,000 candidates from the shipped monomers, describe 1,000 of them, and read them from the cache.

Run: python benchmarks/pool_and_features.py [candidates]
Writes benchmarks/results/pool_and_features.json when run with the default number.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import resource
import tempfile
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from machine import parser
from polyloop.design import Pool
from polyloop.features import featurize

ROOT = Path(__file__).resolve().parent.parent
CANDIDATES, DESCRIBED = 10_000, 1_000


def children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    words = parser(__doc__)
    words.add_argument("candidates", nargs="?", type=int, default=CANDIDATES)
    candidates = words.parse_args().candidates
    start = time.process_time()
    pool = Pool.from_virtual_library(size=candidates, seed=0)
    pool_seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # KiB on Linux
    composition = pool.describe()
    step = max(1, len(pool) // DESCRIBED)
    chosen = [pool.texts[i] for i in range(0, len(pool), step)][:DESCRIBED]
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "features.sqlite"
        before = children_cpu()
        table = featurize(chosen, cache=cache, workers=1)
        feature_seconds = children_cpu() - before
        size = cache.stat().st_size
        start = time.process_time()
        featurize(chosen, cache=cache, workers=1)
        cached_seconds = time.process_time() - start
    reasons = Counter(reason.split("(")[0].strip() for reason in table.failures.values())
    result = {
        "date": datetime.date.today().isoformat(),
        "machine": {"cpu_count": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        "versions": {name: version(name) for name in ("rdkit", "smipoly", "radonpy-pypi")},
        "pool": {"cpu_s": pool_seconds, "peak_memory_MiB": peak, "composition": composition},
        "features": {
            "polymers": len(chosen),
            "blocks": {name: list(values.shape) for name, values in table.blocks.items()},
            "cpu_s_of_the_worker": feature_seconds,
            "cpu_ms_per_polymer": 1e3 * feature_seconds / len(chosen),
            "valid": int(table.valid.sum()),
            "failures": dict(reasons),
            "from_cache_rows_per_cpu_s": len(chosen) / cached_seconds,
            "cache_bytes_per_polymer": size / len(chosen),
        },
    }
    print(json.dumps(result, indent=1))
    if candidates == CANDIDATES:
        path = ROOT / "benchmarks" / "results" / "pool_and_features.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
