"""Is a model as good as it says: splits, scores, paired tests, nested cross-validation, studies beyond the data."""

from polyloop.learn.validation.kernel_grid import NestedKernelRidge, nested_kernel_ridge
from polyloop.learn.validation.paired_test import PairedTest, paired_test
from polyloop.learn.validation.scores import SCORES, Scores, score
from polyloop.learn.validation.splitter import SPLITTERS, Splitter, make_splitter
from polyloop.learn.validation.structure_splits import ClusterSplit, CombinedSplit, SimilaritySplit, cluster_labels
from polyloop.learn.validation.value_splits import (
    HighestSplit,
    LeaveClassOut,
    LowestSplit,
    MiddleSplit,
    RandomSplit,
    TimeSplit,
)

__all__ = [
    "SCORES",
    "SPLITTERS",
    "ClusterSplit",
    "CombinedSplit",
    "HighestSplit",
    "LeaveClassOut",
    "LowestSplit",
    "MiddleSplit",
    "NestedKernelRidge",
    "PairedTest",
    "RandomSplit",
    "Scores",
    "SimilaritySplit",
    "Splitter",
    "TimeSplit",
    "cluster_labels",
    "make_splitter",
    "nested_kernel_ridge",
    "paired_test",
    "score",
]
