"""Inverse design: polymers that have wanted properties and can be made, found with a budget of predictions."""

from polyloop.design.inverse.chain_space import ChainSpace
from polyloop.design.inverse.design import DESIGNERS, DesignResult, InverseDesigner, make_designer
from polyloop.design.inverse.designer import Designer, InverseCandidate
from polyloop.design.inverse.oracle import Oracle, PredictionCache
from polyloop.design.inverse.predictors import ModelPredictor, PredictedProperty, PropertyPredictor, ProtocolPredictor
from polyloop.design.inverse.prior import DesignPrior
from polyloop.design.inverse.scope import StructureScope
from polyloop.design.inverse.source import InverseSource
from polyloop.design.inverse.targets import PropertyTarget, read_target

__all__ = [
    "DESIGNERS",
    "ChainSpace",
    "DesignPrior",
    "DesignResult",
    "Designer",
    "InverseCandidate",
    "InverseDesigner",
    "InverseSource",
    "ModelPredictor",
    "Oracle",
    "PredictedProperty",
    "PredictionCache",
    "PropertyPredictor",
    "PropertyTarget",
    "ProtocolPredictor",
    "StructureScope",
    "make_designer",
    "read_target",
]
