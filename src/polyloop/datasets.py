"""Real public tables for benchmarks, read from a local folder; polyloop ships none of them and downloads none."""

from __future__ import annotations

from pathlib import Path

from polyloop.core import InvalidInputError
from polyloop.core.names import did_you_mean
from polyloop.core.settings import setting

__all__ = ["SOURCES", "folder", "path"]

# Where each table came from. They are kept as repacked extracts, so that the public files do not have the same bytes;
# each folder's SOURCE.txt says what was taken.
SOURCES = {
    "composition": "https://github.com/anthony-wang/CrabNet (data/matbench) and https://github.com/Minoru938/KmdPlus "
    "(data_set)",
    "functional_output_uvvis": "https://github.com/yoshida-lab/XenonPy (samples/data/Dataset_I.csv)",
    "mp20": "https://github.com/SymmetryAdvantage/WyckoffTransformer (data/mp_20_biternary, data/mp_20_pilot)",
    "mpts52": "https://github.com/SymmetryAdvantage/WyckoffTransformer (data/mpts_52)",
    "process_tables": "https://github.com/b-shields/edbo (experiments/data) and https://github.com/aspuru-guzik-group/"
    "olympus (src/olympus/datasets)",
    "optical_calibration": "https://github.com/s-nanjo/Spacier (Optical_Polymer_Dataset/Calibration.csv)",
    "radonpy_pi1070": "https://github.com/RadonPy/RadonPy (data/PI1070.csv)",
    "building_blocks": "https://github.com/connorcoley/ASKCOS (deploy/mongo/buyables.json.gz), "
    "https://github.com/swansonk14/SyntheMol (wuxi/building_blocks.csv) and https://github.com/SeonghwanSeo/RxnFlow "
    "(data/building_blocks/zincfrag_10k.smi.gz)",
    "reactivity_ratios": "https://github.com/TheJacksonLab/ReactivityRatios (dataset/monomer_react_ratio_smarts.csv)",
    "smipoly": "https://github.com/PEJpOhno/SMiPoly (sample_data)",
    "spacier_pool": "https://github.com/s-nanjo/Spacier (spacier/data)",
}


def folder(name: str) -> Path:
    """Return the local folder of the table called `name`.

    Looked for in the folder that the setting POLYLOOP_DATA names.

    Raises
    ------
    InvalidInputError
        If `name` is unknown, or no such folder is there; the message says where to get it.
    """
    if name not in SOURCES:
        raise InvalidInputError(f"There is no data set {name!r}.", hint=did_you_mean(name, SOURCES))
    named = setting("POLYLOOP_DATA")
    if named is not None and (Path(named) / name).is_dir():
        return Path(named) / name
    where = "POLYLOOP_DATA is not set" if named is None else f"looked in {named}"
    raise InvalidInputError(
        f"The data set {name!r} is not here ({where}).",
        hint=f"Get it from {SOURCES[name]}, put it in a folder {name}, and set POLYLOOP_DATA to that folder's parent.",
    )


def path(name: str, file: str) -> Path:
    """Return the path of one file of the table called `name`.

    Raises
    ------
    InvalidInputError
        If the data set or the file is not here.
    """
    found = folder(name) / file
    if not found.is_file():
        held = ", ".join(sorted(entry.name for entry in found.parent.iterdir()))
        raise InvalidInputError(f"The data set {name!r} has no file {file!r}.", hint=f"It holds: {held}.")
    return found
