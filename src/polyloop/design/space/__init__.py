"""Spaces of variables: numbers, steps, choices and structures, the constraints between them, and what to try next."""

from polyloop.design.space.choices import Categorical, Ordinal
from polyloop.design.space.constraints import Condition, Linear
from polyloop.design.space.cost import PointCost
from polyloop.design.space.molecular import Molecular
from polyloop.design.space.scales import Continuous, Integer
from polyloop.design.space.source import SpaceSource
from polyloop.design.space.space import Space
from polyloop.design.space.subjects import SubjectChoice
from polyloop.design.space.variables import Variable

__all__ = [
    "Categorical",
    "Condition",
    "Continuous",
    "Integer",
    "Linear",
    "Molecular",
    "Ordinal",
    "PointCost",
    "Space",
    "SpaceSource",
    "SubjectChoice",
    "Variable",
]
