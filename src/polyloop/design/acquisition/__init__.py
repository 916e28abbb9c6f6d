"""Acquisition functions, and the choice of the next batch."""

from polyloop.design.acquisition.expected_hypervolume import expected_hypervolume_improvement, free_cells
from polyloop.design.acquisition.feasibility import Constraint, Feasibility
from polyloop.design.acquisition.multilevel import LevelProposal, propose_levels
from polyloop.design.acquisition.propose import ACQUISITIONS, Proposal, propose
from polyloop.design.acquisition.repeats import (
    RepeatProposal,
    noise_from_repeats,
    propose_with_repeats,
    replicate_noise_std,
)

__all__ = [
    "ACQUISITIONS",
    "Constraint",
    "Feasibility",
    "LevelProposal",
    "Proposal",
    "RepeatProposal",
    "expected_hypervolume_improvement",
    "free_cells",
    "noise_from_repeats",
    "propose",
    "propose_levels",
    "propose_with_repeats",
    "replicate_noise_std",
]
