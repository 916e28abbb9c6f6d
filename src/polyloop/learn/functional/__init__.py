"""Functional outputs: models whose target is a whole curve on an axis."""

from polyloop.learn.functional.average import CurveAverage
from polyloop.learn.functional.components import ComponentProcess
from polyloop.learn.functional.curves import Axis, CurveModel, CurvePrediction
from polyloop.learn.functional.network import KernelNetwork
from polyloop.learn.functional.ridge import FunctionalRidge
from polyloop.learn.functional.study import CurveErrors, curve_errors, held_out_curves, study_curves

__all__ = [
    "Axis",
    "ComponentProcess",
    "CurveAverage",
    "CurveErrors",
    "CurveModel",
    "CurvePrediction",
    "FunctionalRidge",
    "KernelNetwork",
    "curve_errors",
    "held_out_curves",
    "study_curves",
]
