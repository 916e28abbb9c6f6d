"""Transfer: what models of other properties, or of the same one elsewhere, bring to a model with few labels."""

from polyloop.learn.transfer.affine import SOURCE_BLOCK, AffineGaussianProcess
from polyloop.learn.transfer.difference import DifferenceModel
from polyloop.learn.transfer.guarded import TransferGaussianProcess
from polyloop.learn.transfer.library import SourceLibrary
from polyloop.learn.transfer.study import TransferStudy, study_transfer

__all__ = [
    "SOURCE_BLOCK",
    "AffineGaussianProcess",
    "DifferenceModel",
    "SourceLibrary",
    "TransferGaussianProcess",
    "TransferStudy",
    "study_transfer",
]
