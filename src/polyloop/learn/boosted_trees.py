"""Gradient-boosted trees (LightGBM) behind the interface of the surrogates."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from polyloop.core.optional import require
from polyloop.core.options import Option
from polyloop.learn.bootstrap import bootstrap_counts, check_members, out_of_bag_noise
from polyloop.learn.members import ColumnModel
from polyloop.learn.state import State
from polyloop.learn.surrogate import Array

__all__ = ["BoostedTrees"]

_PATIENCE = 30
# With fewer rows left out than this, when to stop is not seen on them.
_LEAST_LEFT_OUT, _FEW_TREES = 5, 60


class BoostedTrees(ColumnModel):
    """Gradient-boosted trees on bootstrap samples (LightGBM, extra `learn`): strong inside the data, flat beyond them.

    Each member stops growing when its error on the rows left out of its sample no longer falls. The spread of the
    members is the model's uncertainty; the observation noise is what out-of-bag errors show beyond it.

    Parameters
    ----------
    n_members
        Number of bootstrap samples.
    n_trees
        Number of trees of a member, at most.
    learning_rate
        Share of what is left that each tree may explain.
    leaves
        Number of leaves of a tree, at most.
    seed
        Seed of the bootstrap and of the columns that each tree may use.

    References
    ----------
    Ke et al. (2017), "LightGBM: a highly efficient gradient boosting decision tree", NeurIPS 30.
    """

    options: ClassVar[tuple[Option, ...]] = (
        Option("members", int, 10, "Number of members.", 2, 1_000, argument="n_members"),
        Option("trees", int, 400, "Number of trees of a member, at most.", 1, 100_000, argument="n_trees"),
        Option("learning_rate", float, 0.06, "Share of what is left that each tree may explain.", 1e-4, 1.0),
        Option("leaves", int, 15, "Number of leaves of a tree, at most.", 2, 10_000),
    )

    def __init__(
        self,
        n_members: int = 10,
        *,
        n_trees: int = 400,
        learning_rate: float = 0.06,
        leaves: int = 15,
        seed: int = 0,
    ) -> None:
        self.n_members, self.seed = check_members(n_members), seed
        self.n_trees, self.learning_rate, self.leaves = n_trees, learning_rate, leaves
        self._boosters: list[Any] = []

    def _fit(self, features: Array, y: Array, known: Array) -> float:
        lightgbm = require("lightgbm", extra="learn")
        given = {
            "objective": "regression", "learning_rate": self.learning_rate, "num_leaves": self.leaves,
            "min_data_in_leaf": 3, "min_data_in_bin": 1, "max_bin": 63, "feature_fraction": 0.4,
            "verbosity": -1, "num_threads": 1, "deterministic": True, "force_row_wise": True,
            "seed": self.seed, "feature_pre_filter": False,
        }  # fmt: skip
        counts = bootstrap_counts(len(y), self.n_members, np.random.default_rng(self.seed))
        # Bins are made once; the samples are views of it.
        whole = lightgbm.Dataset(_single(features), y, params=given, free_raw_data=False).construct()
        self._boosters = []
        for j, often in enumerate(counts):
            rows, left_out = np.flatnonzero(often), np.flatnonzero(often == 0)
            sample = whole.subset(rows).construct()
            sample.set_weight(often[rows] / (1.0 + known[rows]))
            growing: dict[str, Any] = {"num_boost_round": min(self.n_trees, _FEW_TREES)}
            if len(left_out) >= _LEAST_LEFT_OUT:
                stop = lightgbm.early_stopping(_PATIENCE, verbose=False)
                growing = {
                    "num_boost_round": self.n_trees,
                    "valid_sets": [whole.subset(left_out).construct()],
                    "callbacks": [stop],
                }
            self._boosters.append(lightgbm.train({**given, "seed": self.seed + j}, sample, **growing))
        return out_of_bag_noise(self._members(features), counts.T > 0, y, known)

    def _members(self, features: Array) -> Array:
        single = _single(features)
        return np.column_stack([booster.predict(single, num_threads=1) for booster in self._boosters])

    def _learnt(self) -> dict[str, NDArray[Any]]:
        # LightGBM's own text, whose numbers are written with all their digits.
        return {
            f"{j}": np.frombuffer(booster.model_to_string().encode(), dtype=np.uint8)
            for j, booster in enumerate(self._boosters)
        }

    def _take(self, learnt: State) -> None:
        lightgbm = require("lightgbm", extra="learn")
        self._boosters = [lightgbm.Booster(model_str=learnt[f"{j}"].tobytes().decode()) for j in range(len(learnt))]


def _single(features: Array) -> NDArray[np.float32]:
    # Rounded, so that columns in another unit, equal but for rounding, fall into the same bins.
    return np.ascontiguousarray(features, dtype=np.float32)
