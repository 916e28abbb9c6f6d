"""The oracle of a design: predictions of properties, each polymer asked once, every call counted and kept."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError
from polyloop.design.inverse.likelihood import log_probability_in_ranges
from polyloop.design.inverse.predictors import PredictedProperty, PropertyPredictor
from polyloop.design.inverse.scope import StructureScope
from polyloop.design.inverse.targets import PropertyTarget

__all__ = ["Assessment", "Oracle", "PredictionCache"]

Predictions = Mapping[str, PredictedProperty]


@dataclass(frozen=True)
class Assessment:
    """What the oracle said of a polymer: its predictions and the logarithm of the likelihood.

    `predicted` is None, and the likelihood 0, where some predictor could say nothing or the polymer is out of scope.
    """

    text: str
    predicted: Predictions | None
    log_likelihood: float

    @property
    def in_domain(self) -> bool:
        """Whether all predictors were checked there."""
        return self.predicted is not None and all(one.in_domain for one in self.predicted.values())


class PredictionCache:
    """Predictions by predictor and polymer, in memory or in a SQLite file that outlives a kill.

    Parameters
    ----------
    path
        The file; None keeps them in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        # Each prediction is committed by itself: it costs more than the commit.
        self._database = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=60.0)
        self._database.execute(
            "create table if not exists predictions (predictor text, polymer text, content text, "
            "primary key (predictor, polymer))"
        )

    def get(self, predictor: str, text: str) -> tuple[bool, Predictions | None]:
        """Return whether the polymer was predicted, and the predictions."""
        row = self._database.execute(
            "select content from predictions where predictor = ? and polymer = ?", (predictor, text)
        ).fetchone()
        if row is None:
            return False, None
        content = json.loads(row[0])
        return True, content and {name: PredictedProperty(*values) for name, values in content.items()}

    def put(self, predictor: str, text: str, found: Predictions | None) -> None:
        """Keep what a predictor said of a polymer."""
        content: Any = found and {name: [one.mean, one.std, one.in_domain] for name, one in found.items()}
        self._database.execute(
            "insert or replace into predictions values (?, ?, ?)", (predictor, text, json.dumps(content))
        )

    def close(self) -> None:
        """Close the file."""
        self._database.close()


class Oracle:
    """Says how likely polymers meet the targets, with a budget of calls.

    A call is one polymer that was not asked before; a polymer out of scope costs none, and no predictor sees it.
    Nor does one that `accepts` refuses.

    Parameters
    ----------
    targets
        Ranges of properties, each property once.
    predictors
        Who predicts; of several that predict a property the first does.
    calls
        Most polymers that are predicted.
    scope
        Which polymers may be predicted at all.
    accepts
        What else a polymer (canonical SMILES) must be, for searches that leave what a library makes: one of those that
        can be bought, say, or that a rule makes. It is asked before the scope; by default it accepts all.
    outside_penalty
        What is taken off the logarithm of the likelihood for each target whose predictor is outside its domain.
    cache
        Predictions of earlier designs: they spare the computation, and count as calls all the same.
    progress
        Called with the number of calls after each.

    Raises
    ------
    InvalidInputError
        If there is no target or no call, a property stands twice, or nobody predicts one.
    """

    def __init__(
        self,
        targets: Sequence[PropertyTarget],
        predictors: Sequence[PropertyPredictor],
        *,
        calls: int,
        scope: StructureScope | None = None,
        accepts: Callable[[str], bool] = lambda text: True,
        outside_penalty: float = 5.0,
        cache: PredictionCache | None = None,
        progress: Callable[[int], None] = lambda spent: None,
    ) -> None:
        names = [target.property for target in targets]
        if not names or len(set(names)) < len(names):
            raise InvalidInputError("A design needs a target, and of each property one only.", where="target")
        if calls < 1:
            raise InvalidInputError("A design needs at least one call.", where="calls")
        if outside_penalty < 0:
            raise InvalidInputError("The penalty outside the domain lowers the likelihood; it is not negative.")
        for name in names:
            if not any(name in one.properties for one in predictors):
                known = sorted({other for one in predictors for other in one.properties})
                raise InvalidInputError(
                    f"Nobody predicts {name}.", where="target",
                    hint=f"There are predictions of {', '.join(known) or 'nothing'}; for others name a trained model.",
                )  # fmt: skip
        self.targets, self.calls, self.scope = tuple(targets), calls, scope or StructureScope()
        self._accepts = accepts
        used = [next(one for one in predictors if name in one.properties) for name in names]
        self._predictors = tuple(dict.fromkeys(used))
        self._penalty, self._cache, self._progress = outside_penalty, cache or PredictionCache(), progress
        self._known: dict[str, Assessment] = {}
        self.history: list[Assessment] = []

    @property
    def left(self) -> int:
        """Calls that are left."""
        return self.calls - len(self.history)

    def knows(self, text: str) -> bool:
        """Tell whether a polymer was assessed, or found out of scope."""
        return text in self._known

    def assess(self, texts: Sequence[str]) -> list[Assessment]:
        """Return what is said of polymers (canonical SMILES), until the calls are spent."""
        found = []
        for text in texts:
            if text not in self._known:
                if not self._accepts(text) or self._fault(text) is not None:
                    self._known[text] = Assessment(text, None, -np.inf)
                elif self.left:
                    self._known[text] = self._asked(text)
                    self.history.append(self._known[text])
                    self._progress(len(self.history))
                else:
                    continue
            found.append(self._known[text])
        return found

    def _fault(self, text: str) -> str | None:
        polymer = Polymer.of_canonical(text)
        return self.scope.fault(polymer.composition, charged=bool(polymer.charge))

    def _asked(self, text: str) -> Assessment:
        predicted: dict[str, PredictedProperty] = {}
        for predictor in self._predictors:
            kept, said = self._cache.get(predictor.predictor_id, text)
            if not kept:
                said = predictor.predict(text)
                self._cache.put(predictor.predictor_id, text, said)
            if said is None:
                return Assessment(text, None, -np.inf)
            # The first predictor of a property has the word.
            predicted = {**said, **predicted}
        wanted = {target.property: predicted[target.property] for target in self.targets}
        mean = np.array([[one.mean for one in wanted.values()]])
        std = np.array([[one.std for one in wanted.values()]])
        value = float(log_probability_in_ranges(mean, std, self.targets)[0])
        value -= self._penalty * sum(not one.in_domain for one in wanted.values())
        return Assessment(text, wanted, value)
