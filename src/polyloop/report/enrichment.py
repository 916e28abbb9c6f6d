"""What the polymers beyond a limit have in common: counts, enrichment and Fisher's exact test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.stats import false_discovery_control, fisher_exact

from polyloop.chem import Polymer
from polyloop.report.groups import structural_features

__all__ = ["Enrichment", "enrichment"]


@dataclass(frozen=True)
class Enrichment:
    """How often a structural feature occurs among the selected polymers and among the others.

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
        """Share of the selected polymers that have the feature."""
        return self.selected_with / self.selected

    @property
    def others_share(self) -> float:
        """Share of the other polymers that have the feature."""
        return self.others_with / self.others


def enrichment(polymers: Sequence[str], selected: Sequence[bool]) -> list[Enrichment]:
    """Test every element, functional group and class for enrichment among the selected polymers.

    Parameters
    ----------
    polymers
        Repeat-unit SMILES, length n.
    selected
        Which of them are beyond the limit, length n.

    Returns
    -------
    list of Enrichment
        Features that some polymers have and others lack, and that occur in at least one selected polymer, the
        smallest p-value first. Empty when nothing, or everything, is selected: there is then nothing to compare with.
    """
    chosen = np.asarray(selected, dtype=bool)
    if not chosen.any() or chosen.all():
        return []
    total, others = int(chosen.sum()), int((~chosen).sum())
    rows = []
    for (kind, name), indices in sorted(_occurrences(polymers).items()):
        inside = int(chosen[indices].sum())
        outside = len(indices) - inside
        # What every polymer has cannot tell them apart, and would only dilute the false discovery rate.
        if inside and len(indices) < len(polymers):
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
def _features(smiles: str) -> dict[str, frozenset[str]]:
    return structural_features(Polymer(smiles))


def _occurrences(polymers: Sequence[str]) -> dict[tuple[str, str], list[int]]:
    """Return the places of the polymers that have each (kind, feature)."""
    present: dict[tuple[str, str], list[int]] = {}
    for index, smiles in enumerate(polymers):
        for kind, names in _features(smiles).items():
            for name in names:
                present.setdefault((kind, name), []).append(index)
    return present
