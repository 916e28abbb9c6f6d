"""Compositions that are proposed for a wish: generators, and what they are held against."""

from polyloop.crystal.generation.adversarial import AdversarialGenerator
from polyloop.crystal.generation.autoregressive import ConditionalGenerator
from polyloop.crystal.generation.mutation import MutationGenerator
from polyloop.crystal.generation.proposals import CompositionGenerator, Proposal, distinct_proposals
from polyloop.crystal.generation.wish import CompositionWish

__all__ = [
    "AdversarialGenerator",
    "CompositionGenerator",
    "CompositionWish",
    "ConditionalGenerator",
    "MutationGenerator",
    "Proposal",
    "distinct_proposals",
]
