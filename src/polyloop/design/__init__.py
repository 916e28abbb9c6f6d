"""Who proposes: pools of candidates, objectives and acquisition functions."""

from polyloop.design.acquisition import ACQUISITIONS, Proposal, propose
from polyloop.design.initial import INITIAL_DESIGNS, initial_design
from polyloop.design.left_out import LeftOut
from polyloop.design.objectives import Objective, utilities
from polyloop.design.pareto import default_reference_point, hypervolume, non_dominated, objective_hypervolume
from polyloop.design.pool import Pool

__all__ = [
    "ACQUISITIONS",
    "INITIAL_DESIGNS",
    "LeftOut",
    "Objective",
    "Pool",
    "Proposal",
    "default_reference_point",
    "hypervolume",
    "initial_design",
    "non_dominated",
    "objective_hypervolume",
    "propose",
    "utilities",
]
