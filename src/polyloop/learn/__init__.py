"""Surrogate models, their calibration, and the domain in which they may be trusted."""

from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.learn.calibration import Calibration, calibrate, held_out
from polyloop.learn.domain import DomainReport, TrainingDomain
from polyloop.learn.ensemble import RidgeEnsemble
from polyloop.learn.forest import RandomForest
from polyloop.learn.gp import GaussianProcess
from polyloop.learn.multilevel import MultilevelGaussianProcess
from polyloop.learn.product_gp import ProductGaussianProcess
from polyloop.learn.registry import SURROGATES, make_surrogate
from polyloop.learn.surrogate import Blocks, Prediction, Surrogate

__all__ = [
    "SURROGATES",
    "BlockKind",
    "BlockValues",
    "Blocks",
    "Calibration",
    "DomainReport",
    "GaussianProcess",
    "MultilevelGaussianProcess",
    "Prediction",
    "ProductGaussianProcess",
    "RandomForest",
    "RidgeEnsemble",
    "Surrogate",
    "TrainingDomain",
    "calibrate",
    "held_out",
    "make_surrogate",
]
