"""A conditional adversarial network with a property predictor: the published generator of compositions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import InvalidInputError
from polyloop.crystal.composition import Composition
from polyloop.crystal.generation.sequences import LARGEST_AMOUNT, ORDER, composition_of, fits, sequences
from polyloop.learn.hyperparameters import one_thread

if TYPE_CHECKING:
    from torch import Tensor, nn

    from polyloop.crystal.generation.wish import CompositionWish

__all__ = ["AdversarialGenerator", "whole_amounts"]

_NOISE, _WIDTH, _BATCH = 32, 256, 256
_RATE, _PENALTY, _CRITIC_STEPS = 2e-4, 10.0, 3
_PREDICTOR_EPOCHS, _PREDICTOR_RATE = 12, 2e-3
_VOUCH = 1.0
# So that most fractions are 0 from the start.
_SHARPNESS = 10.0
_NEVER = -1e4
# Shares below it are noise of the generator.
_LEAST_SHARE, _MOST_ATOMS = 0.02, 40
_TRIES = 40


class AdversarialGenerator:
    """A generator of fractions that a critic cannot tell from real ones, and a predictor holds to the wanted energy.

    Fractions are made whole by the smallest amounts that come near them. Elements cannot be asked for while drawing:
    what does not hold them is drawn anew.

    Parameters
    ----------
    network
        The generator's, trained.
    absent
        Shape (103,), True for elements that no composition held which taught it; it uses none.

    References
    ----------
    Sawada, Morikawa & Fujii (2021), arXiv:1910.11499; the critic's penalty: Gulrajani et al. (2017), arXiv:1704.00028;
    sparse fractions: Martins & Astudillo (2016), arXiv:1602.02068.
    """

    name = "adversarial"

    def __init__(self, network: nn.Module, absent: NDArray[np.bool_]) -> None:
        self._network, self._absent = network, absent

    @classmethod
    def train(
        cls, compositions: Sequence[Composition], energies: NDArray[np.float64], *, epochs: int = 40, seed: int = 0
    ) -> Self:
        """Learn from n compositions and their formation energies in eV/atom, shape (n,)."""
        import torch

        rows = [row for row, one in enumerate(compositions) if fits(one) and np.isfinite(energies[row])]
        if len(rows) < _BATCH:
            raise InvalidInputError(f"{len(rows)} compositions are too few to learn from.", hint=f"At least {_BATCH}.")
        places, amounts = sequences([compositions[row] for row in rows])
        real = np.zeros((len(rows), len(ORDER)), dtype=np.float32)
        for column in range(places.shape[1]):
            held = np.flatnonzero(places[:, column] >= 0)
            real[held, places[held, column]] = amounts[held, column]
        real /= real.sum(axis=1, keepdims=True)
        wanted = energies[rows].astype(np.float32)[:, None]
        with one_thread(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            absent = np.asarray(real.max(axis=0) == 0)
            network = _trained(torch.from_numpy(real), torch.from_numpy(wanted), torch.from_numpy(absent), epochs)
        return cls(network, absent)

    def propose(self, wish: CompositionWish, n: int, rng: np.random.Generator) -> list[Composition]:
        """Return n compositions that hold the wanted elements; they may repeat.

        Raises
        ------
        InvalidInputError
            If no energy is wanted, or what is drawn hardly ever holds the wanted elements.
        """
        import torch

        if wish.formation_energy is None:
            raise InvalidInputError("The adversarial generator needs a wanted formation energy.", hint="Give one.")
        found: list[Composition] = []
        for _ in range(_TRIES):
            noise = torch.from_numpy(rng.standard_normal((n, _NOISE)).astype(np.float32))
            wanted = torch.full((n, 1), wish.formation_energy)
            with torch.no_grad(), one_thread():
                fractions = _made(self._network, noise, wanted, torch.from_numpy(self._absent)).numpy().astype(float)
            drawn = [composition_of(whole_amounts(row)) for row in fractions]
            found += [one for one in drawn if wish.admits(one)]
            if len(found) >= n:
                return found[:n]
        raise InvalidInputError(
            f"Of {_TRIES * n} compositions drawn {len(found)} hold the wanted elements; {n} are asked for.",
            hint="Take the autoregressive generator, which can be told.",
        )


def whole_amounts(fractions: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the smallest whole amounts whose fractions come near the given ones, shape (103,).

    Of all totals up to 40 the one of least error is taken, where two atoms more must make it half a hundredth smaller.
    """
    shares = np.where(fractions < _LEAST_SHARE, 0.0, fractions)
    held = np.flatnonzero(shares) if shares.any() else np.array([fractions.argmax()])
    shares = fractions[held] / fractions[held].sum()
    best, amounts = np.inf, np.ones(len(held), dtype=np.int64)
    for total in range(len(held), _MOST_ATOMS + 1):
        tried = np.maximum(np.rint(shares * total).astype(np.int64), 1)
        if tried.max() > LARGEST_AMOUNT:
            continue
        off = float(np.abs(tried / tried.sum() - shares).sum()) + 0.0025 * total
        if off < best:
            best, amounts = off, tried
    row = np.zeros(len(fractions), dtype=np.int64)
    row[held] = amounts
    return row


def _trained(real: Tensor, wanted: Tensor, absent: Tensor, epochs: int) -> nn.Module:
    import torch

    generator = _layers(_NOISE + 1, len(ORDER))
    critic = _layers(len(ORDER) + 1, 1)
    predictor = _predictor(real, wanted)
    steps = {net: torch.optim.Adam(net.parameters(), lr=_RATE, betas=(0.5, 0.9)) for net in (generator, critic)}
    for _ in range(epochs):
        for step, rows in enumerate(_batches(len(real))):
            asked = wanted[rows]
            made = _made(generator, torch.randn(len(rows), _NOISE), asked, absent)
            loss: Any = _critic_loss(critic, real[rows], made.detach(), asked)
            _step(steps[critic], loss)
            if step % _CRITIC_STEPS == 0:
                off = (predictor(made) - asked).abs().mean()
                _step(steps[generator], _VOUCH * off - critic(torch.cat([made, asked], dim=1)).mean())
    return generator.eval()


def _critic_loss(critic: nn.Module, real: Tensor, made: Tensor, asked: Tensor) -> Any:
    """Return what the critic minimises: its distance between real and made, turned, and the penalty on its slope."""
    import torch

    share = torch.rand(len(real), 1)
    between = (share * real + (1 - share) * made).requires_grad_(True)
    said = critic(torch.cat([between, asked], dim=1)).sum()
    (slope,) = torch.autograd.grad(said, between, create_graph=True)
    penalty = (slope.norm(dim=1) - 1).square().mean()
    apart = critic(torch.cat([made, asked], dim=1)).mean() - critic(torch.cat([real, asked], dim=1)).mean()
    return apart + _PENALTY * penalty


def _predictor(real: Tensor, wanted: Tensor) -> nn.Module:
    """Return a network that predicts the energy from fractions, its weights fixed."""
    import torch

    network = _layers(len(ORDER), 1)
    optimizer = torch.optim.AdamW(network.parameters(), lr=_PREDICTOR_RATE)
    for _ in range(_PREDICTOR_EPOCHS):
        for rows in _batches(len(real)):
            _step(optimizer, (network(real[rows]) - wanted[rows]).abs().mean())
    return network.requires_grad_(False)


def _made(generator: nn.Module, noise: Tensor, wanted: Tensor, absent: Tensor) -> Tensor:
    import torch

    logits = _SHARPNESS * generator(torch.cat([noise, wanted], dim=1))
    return _sparsemax(logits.masked_fill(absent, _NEVER))


def _sparsemax(logits: Tensor) -> Tensor:
    """Return the nearest point of the simplex, in which most fractions are exactly 0; shape (n, d)."""
    import torch

    ranked = logits.sort(dim=1, descending=True).values
    places = torch.arange(1, logits.shape[1] + 1)
    sums = ranked.cumsum(dim=1) - 1
    support = (ranked * places > sums).sum(dim=1, keepdim=True)
    threshold = sums.gather(1, support - 1) / support
    return (logits - threshold).clamp_min(0.0)


def _layers(inputs: int, outputs: int) -> nn.Module:
    from torch import nn

    return nn.Sequential(
        nn.Linear(inputs, _WIDTH), nn.LeakyReLU(0.2), nn.Linear(_WIDTH, _WIDTH), nn.LeakyReLU(0.2),
        nn.Linear(_WIDTH, outputs),
    )  # fmt: skip


def _batches(n: int) -> Iterator[Tensor]:
    """Yield all rows in a new order, a batch at a time."""
    import torch

    order = torch.randperm(n)
    for begin in range(0, n, _BATCH):
        yield order[begin : begin + _BATCH]


def _step(optimizer: Any, loss: Any) -> None:
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
