"""The network that says which element comes next in a composition, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from polyloop.crystal.generation.sequences import LARGEST_AMOUNT, ORDER

__all__ = ["CONDITIONS", "CompositionNetwork", "Conditions"]

_WAVES = 6
CONDITIONS = 1 + 2 * _WAVES + 1 + 3


@dataclass(frozen=True)
class Conditions:
    """What is asked of n compositions.

    Parameters
    ----------
    energy
        Shape (n,), formation energies in eV/atom, NaN where any will do.
    stable
        Shape (n,), 1 for stable, 0 for not, -1 for either.
    """

    energy: Tensor
    stable: Tensor

    def encoded(self) -> Tensor:
        """Return the conditions as inputs, shape (n, 17); what is not asked is 0."""
        asked = self.energy.isfinite()
        energy = torch.where(asked, self.energy, 0.0)
        steps = 2.0 ** torch.arange(_WAVES) * 0.75
        waves = energy[:, None] * steps
        numbers = torch.cat([energy[:, None], waves.sin(), waves.cos(), torch.ones_like(energy)[:, None]], dim=1)
        words = nn.functional.one_hot(self.stable.long() + 1, 3).float()
        return torch.cat([numbers * asked[:, None], words], dim=1)


class CompositionNetwork(nn.Module):
    """Logits of the next element, or of the end, and of the amount of an element, from what there is so far.

    Parameters
    ----------
    width
        Of its inner layers.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        elements = len(ORDER)
        self.first = nn.Linear(2 * elements + CONDITIONS, width)
        self.trunk = nn.Sequential(nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU())
        self.next_element = nn.Linear(width, elements + 1)
        self.chosen = nn.Embedding(elements, width)
        self.amount = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, LARGEST_AMOUNT))

    def state(self, amounts: Tensor, conditions: Conditions) -> Tensor:
        """Return the inner state for amounts so far, shape (n, 103), under conditions; shape (n, width)."""
        present = (amounts > 0).float()
        inputs = torch.cat([present, torch.log1p(amounts.float()), conditions.encoded()], dim=1)
        found: Tensor = self.trunk(self.first(inputs))
        return found

    def elements(self, state: Tensor) -> Tensor:
        """Return logits of the next element, the last of them of the end, shape (n, 104)."""
        found: Tensor = self.next_element(state)
        return found

    def amounts(self, state: Tensor, element: Tensor) -> Tensor:
        """Return logits of the amounts 1 to 20 of the chosen elements (n,), shape (n, 20)."""
        found: Tensor = self.amount(state + self.chosen(element))
        return found
