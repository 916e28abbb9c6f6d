"""What selected candidates have in common: counts, enrichment and Fisher's exact test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.stats import false_discovery_control, fisher_exact

from polyloop.core import Subject
from polyloop.core.subject import features_of

__all__ = ["Enrichment", "enrichment"]


@dataclass(frozen=True)
class Enrichment:
    """How often a structural feature occurs among the selected candidates and among the others.

    `odds_ratio` is the sample's, (selected with / selected without) / (others with / others without), infinite where
    a denominator is zero. `p_value` is one-sided (enriched), by Fisher's exact test (doi:10.2307/2340521); `q_value` is
    its false discovery rate over all features tested (Benjamini and Hochberg, doi:10.1111/j.2517-6161.1995.tb02031.x).
    """

    kind: str
    feature: str
    selected_with: int
    selected: int
    others_with: int
    others: int
    odds_ratio: float
    p_value: float
    q_value: float

    @property
    def selected_share(self) -> float:
        """Share of the selected candidates that have the feature."""
        return self.selected_with / self.selected

    @property
    def others_share(self) -> float:
        """Share of the other candidates that have the feature."""
        return self.others_with / self.others


Compared = Subject | str | tuple[Subject, ...]


def enrichment(candidates: Sequence[Compared], selected: Sequence[bool]) -> list[Enrichment]:
    """Test every feature that the candidates' kind knows for enrichment among the selected ones.

    Of polymers, copolymers and molecules these are elements, functional groups and classes; of points of a space, what
    was chosen of each variable that is no number.

    Parameters
    ----------
    candidates
        Subjects, or repeat-unit SMILES of polymers, length n; of several subjects, such as a point and the polymer that
        it chooses, all features count.
    selected
        Which of them are selected, such as those beyond a limit, length n.

    Returns
    -------
    list of Enrichment
        Features that some have and others lack, and that occur in at least one selected candidate, the
        smallest p-value first. Empty when nothing, or everything, is selected: there is then nothing to compare with.
    """
    chosen = np.asarray(selected, dtype=bool)
    if not chosen.any() or chosen.all():
        return []
    total, others = int(chosen.sum()), int((~chosen).sum())
    rows = []
    for (kind, name), indices in sorted(_occurrences(candidates).items()):
        inside = int(chosen[indices].sum())
        outside = len(indices) - inside
        # What every candidate has cannot tell them apart, and would only dilute the false discovery rate.
        if inside and len(indices) < len(candidates):
            table = [[inside, total - inside], [outside, others - outside]]
            odds, p_value = fisher_exact(table, alternative="greater")
            rows.append((kind, name, inside, outside, float(odds), float(p_value)))
    if not rows:
        return []
    q_values = false_discovery_control([row[-1] for row in rows])
    found = [
        Enrichment(kind, name, inside, total, outside, others, odds, p_value, float(q))
        for (kind, name, inside, outside, odds, p_value), q in zip(rows, q_values, strict=True)
    ]
    return sorted(found, key=lambda row: (row.p_value, row.kind, row.feature))


@lru_cache(maxsize=100_000)
def _features(subject: Subject) -> dict[str, frozenset[str]]:
    return features_of(subject)


def _occurrences(candidates: Sequence[Compared]) -> dict[tuple[str, str], list[int]]:
    """Return the places of the candidates that have each (kind, feature)."""
    present: dict[tuple[str, str], dict[int, None]] = {}
    for index, one in enumerate(candidates):
        parts = one if isinstance(one, tuple) else (Subject("polymer", one) if isinstance(one, str) else one,)
        for part in dict.fromkeys(parts):
            for kind, names in _features(part).items():
                for name in names:
                    present.setdefault((kind, name), {})[index] = None
    return {feature: list(places) for feature, places in present.items()}
