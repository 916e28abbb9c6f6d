"""Prerequisite: what a follow_up needs besides the sample, done before the dynamics and kept under its key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from polyloop.chem import Polymer
from polyloop.simulate.estimate import Estimate, Estimates
from polyloop.simulate.md.run.sampling import cpu_time
from polyloop.simulate.md.run.workspace import Workspace

__all__ = ["Prerequisite"]

_KIND, _FILE = "prerequisite", "outcome.json"


@dataclass(frozen=True)
class Prerequisite:
    """Work on the repeat unit alone, whose failure should be known before hours of dynamics.

    Parameters
    ----------
    name
        What it is called while it goes on.
    protocol
        Label of the protocol whose values it takes; part of the key that it is kept under.
    cost
        Typical cost, in words.
    check
        Raises `EvaluationError` at once for a polymer that is out of its scope.
    compute
        Maps (polymer, seed) to an `Estimates`, or raises `EvaluationError` with the stage and the reason.
    """

    name: str
    protocol: str
    cost: str
    check: Callable[[Polymer], None]
    compute: Callable[[Polymer, int], Estimates]

    def outcome(self, workspace: Workspace, polymer: Polymer, seed: int) -> Estimates:
        """Return the outcome, computed or read back; its settings hold the CPU seconds that it took, as `cpu_s`."""
        # The text of the unit says where the chain is cut, which oligomers follow from.
        key = Workspace.key(_KIND, {"protocol": self.protocol, "unit": polymer.smiles, "seed": seed})
        with workspace.locked(_KIND, key):
            kept = workspace.read_json(_KIND, key, _FILE)
            if kept is not None:
                return _outcome_of(kept)
            started = cpu_time()
            made = self.compute(polymer, seed)
            content = {
                "estimates": [asdict(estimate) for estimate in made.estimates],
                "engines": dict(made.engines),
                "settings": {**made.settings, "cpu_s": round(cpu_time() - started, 2)},
            }
            workspace.write_json(_KIND, key, _FILE, content)
            return _outcome_of(content)


def _outcome_of(content: dict[str, Any]) -> Estimates:
    estimates = tuple(Estimate(**row) for row in content["estimates"])
    return Estimates(estimates, content["engines"], content["settings"])
