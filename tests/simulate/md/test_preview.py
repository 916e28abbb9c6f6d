"""A dry run builds the cell, times it, and says what the recipe would take."""

import pytest

from polyloop.chem import Polymer
from polyloop.core import Conditions
from polyloop.simulate.md.protocols.recipes import SMOKE
from polyloop.simulate.md.run import preview as module
from polyloop.simulate.md.run.preview import preview


def test_atoms_steps_time_and_memory(tmp_path, monkeypatch):
    monkeypatch.setenv("POLYLOOP_SCRATCH", str(tmp_path))
    monkeypatch.setenv("POLYLOOP_MD_ENGINE", "openmm")
    monkeypatch.setenv("POLYLOOP_CORES", "1")
    for name in ("_FULL_S", "_SHORT_S"):
        monkeypatch.setattr(module, name, 0.3)
    found = preview(SMOKE.protocol_id, Polymer("*CC*"), 0, Conditions())
    assert found.atoms == pytest.approx(120, abs=20)
    # 4 ps at 1 fs, 4 ps at 2 fs before and in production, and 1.2 ps of vibrations; one extension.
    assert found.steps == 8600
    assert found.steps_at_most == 10600
    assert found.nanoseconds == pytest.approx(0.0132)
    assert 10.0 < found.steps_per_s < 1e5
    assert 0.0 < found.hours < found.hours_at_most < 1.0
    assert 0.05 < found.memory_gb < 20.0
    three = found.times(3)
    assert (three.hours, three.hours_at_most) == (3 * found.hours, 3 * found.hours_at_most)
    assert (three.steps, three.atoms, three.memory_gb) == (3 * found.steps, found.atoms, found.memory_gb)
    assert list(tmp_path.iterdir()) == []  # nothing is kept
