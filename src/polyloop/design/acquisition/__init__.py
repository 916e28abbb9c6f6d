"""Acquisition functions, and the choice of the next batch."""

from polyloop.design.acquisition.expected_hypervolume import expected_hypervolume_improvement, free_cells
from polyloop.design.acquisition.propose import ACQUISITIONS, Proposal, propose

__all__ = ["ACQUISITIONS", "Proposal", "expected_hypervolume_improvement", "free_cells", "propose"]
