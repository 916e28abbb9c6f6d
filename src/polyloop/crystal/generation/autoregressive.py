"""Compositions with wanted properties, element by element, from a network that learnt known ones."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import InvalidInputError
from polyloop.core.files import write_atomically
from polyloop.crystal.composition import Composition
from polyloop.crystal.generation.limits import SequenceLimits
from polyloop.crystal.generation.sequences import LARGEST_AMOUNT, ORDER, composition_of, fits, sequences
from polyloop.learn.hyperparameters import one_thread

if TYPE_CHECKING:
    from torch import Tensor

    from polyloop.crystal.generation.composition_network import CompositionNetwork, Conditions
    from polyloop.crystal.generation.wish import CompositionWish

__all__ = ["ConditionalGenerator"]

_LEARNING_RATE, _DECAY = 2e-3, 1e-3
# Rows of a step: few of a small sample, so that an epoch has some steps.
_LEAST_BATCH, _MOST_BATCH, _STEPS = 16, 512, 8
# How often a condition is hidden while learning, so that the network also knows what is usual.
_HIDDEN = 0.2
_LEAST = 20


class ConditionalGenerator:
    """An autoregressive model of compositions given formation energy and stability.

    Parameters
    ----------
    network
        Trained.
    known
        Digests of the compositions that it learnt, sorted, shape (n,).
    seen
        Shape (103,) in `ORDER`, True for elements of those compositions; it proposes no other.
    taught_stability
        Whether it was told which are stable; if not, a wish for stable ones is not heard.
    source
        What it learnt from.
    guidance
        How much more than a composition's odds the wish's part of them counts; 1 samples from the model as learnt.

    References
    ----------
    Guidance: Ho & Salimans (2022), arXiv:2207.12598. The published peer is a conditional GAN: Sawada, Morikawa &
    Fujii (2021), arXiv:1910.11499.
    """

    name = "autoregressive"

    def __init__(
        self,
        network: CompositionNetwork,
        known: NDArray[np.uint64],
        seen: NDArray[np.bool_],
        source: str,
        *,
        taught_stability: bool,
        guidance: float = 2.0,
    ) -> None:
        self._network, self._known, self._seen, self.source = network, known, seen, source
        self._taught_stability, self.guidance = taught_stability, guidance

    @classmethod
    def train(
        cls,
        compositions: Sequence[Composition],
        energies: NDArray[np.float64],
        stable: NDArray[np.int64],
        *,
        source: str = "the table given",
        epochs: int = 12,
        width: int = 256,
        seed: int = 0,
    ) -> Self:
        """Learn from n compositions.

        Parameters
        ----------
        energies
            Shape (n,), formation energies in eV/atom, NaN where not known.
        stable
            Shape (n,), 1 for stable, 0 for not, -1 where not known.

        Raises
        ------
        InvalidInputError
            If there are fewer than 20 that can be written as sequences.
        """
        rows = np.array([row for row, composition in enumerate(compositions) if fits(composition)], dtype=np.int64)
        if len(rows) < _LEAST:
            raise InvalidInputError(
                f"{len(rows)} compositions are too few to learn from.",
                hint=f"At least {_LEAST}, of at most 8 elements and amounts of at most {LARGEST_AMOUNT}.",
            )
        kept = [compositions[row] for row in rows]
        places, amounts = sequences(kept)
        with one_thread():
            network = _trained(places, amounts, energies[rows], stable[rows], epochs=epochs, width=width, seed=seed)
        known = np.sort(np.array([_digest(one) for one in kept], dtype=np.uint64))
        seen = np.isin(np.arange(len(ORDER)), places)
        return cls(network, known, seen, source, taught_stability=bool((stable[rows] == 1).any()))

    @classmethod
    def shipped(cls) -> Self:
        """Return the one that comes with polyloop; it learnt Matbench (Materials Project, 2018)."""
        kept = _shipped()
        return cls(
            kept._network, kept._known, kept._seen, kept.source,
            taught_stability=kept._taught_stability, guidance=kept.guidance,
        )  # fmt: skip

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the generator in a file that `write` made.

        Raises
        ------
        InvalidInputError
            If the file is none of these.
        """
        import torch

        from polyloop.crystal.generation.composition_network import CompositionNetwork

        try:
            with np.load(path, allow_pickle=False) as kept:
                arrays = {name: kept[name] for name in kept.files}
            known, seen, source = arrays.pop("known"), arrays.pop("seen"), str(arrays.pop("source"))
            taught, guidance = bool(arrays.pop("taught_stability")), float(arrays.pop("guidance"))
            network = CompositionNetwork(len(arrays["first.bias"]))
            network.load_state_dict(
                {name: torch.from_numpy(value.astype(np.float32)) for name, value in arrays.items()}
            )
        except (BadZipFile, ValueError, KeyError, EOFError, RuntimeError) as error:
            raise InvalidInputError(
                "This is no generator of compositions.", where=str(path),
                hint="Make one by `polyloop crystal train-generator`.",
            ) from error  # fmt: skip
        return cls(network.eval(), known, seen, source, taught_stability=taught, guidance=guidance)

    def write(self, path: Path) -> None:
        """Write the generator, its weights in half precision."""
        arrays = {name: value.numpy().astype(np.float16) for name, value in self._network.state_dict().items()}
        content = BytesIO()
        given = {
            "known": self._known,
            "seen": self._seen,
            "source": np.array(self.source),
            "guidance": np.array(self.guidance),
            "taught_stability": np.array(self._taught_stability),
        }
        np.savez_compressed(content, **given, **arrays)  # type: ignore[arg-type]
        write_atomically(path, content.getvalue())

    @property
    def known_count(self) -> int:
        """In how many compositions it was taught."""
        return len(self._known)

    def knows(self, composition: Composition) -> bool:
        """Return whether it learnt this composition."""
        digest = np.uint64(_digest(composition))
        place = int(np.searchsorted(self._known, digest))
        return place < len(self._known) and bool(self._known[place] == digest)

    def propose(self, wish: CompositionWish, n: int, rng: np.random.Generator) -> list[Composition]:
        """Return n compositions that hold the wanted elements; they repeat as the model does.

        The energy is a wish that the model follows as well as it learnt to, and charges are not looked at.

        Raises
        ------
        InvalidInputError
            If an element is asked for that it has never seen, or too few of the allowed ones.
        """
        import torch

        from polyloop.crystal.generation.composition_network import Conditions

        energy = np.nan if wish.formation_energy is None else wish.formation_energy
        stable = 1 if wish.stable and self._taught_stability else -1
        asked = Conditions(torch.full((n,), energy), torch.full((n,), stable))
        usual = Conditions(torch.full((n,), torch.nan), torch.full((n,), -1))
        amounts = np.zeros((n, len(ORDER)), dtype=np.int64)
        last, open_rows = np.full(n, -1), np.arange(n)
        limits = SequenceLimits(wish, self._seen)
        limits.check(self.source)
        with torch.no_grad(), one_thread():
            while len(open_rows):
                states = [self._network.state(torch.from_numpy(amounts[open_rows]), _rows(one, open_rows))
                          for one in (asked, usual)]  # fmt: skip
                logits = self._guided(*(self._network.elements(state) for state in states))
                logits[~limits.open(amounts[open_rows], last[open_rows])] = -np.inf
                chosen = _drawn(logits, rng)
                going = chosen < len(ORDER)
                if not going.any():
                    break
                rows, elements = open_rows[going], chosen[going]
                element = torch.from_numpy(elements)
                logits = self._guided(
                    *(self._network.amounts(state[torch.from_numpy(going)], element) for state in states)
                )
                amounts[rows, elements] = 1 + _drawn(logits, rng)
                last[rows], open_rows = elements, rows
        return [composition_of(row) for row in amounts]

    def _guided(self, asked: Tensor, usual: Tensor) -> NDArray[np.float64]:
        asked, usual = asked.log_softmax(dim=1), usual.log_softmax(dim=1)
        guided: NDArray[np.float64] = (usual + self.guidance * (asked - usual)).numpy().astype(float)
        return guided


def _trained(
    places: NDArray[np.int64],
    amounts: NDArray[np.int64],
    energies: NDArray[np.float64],
    stable: NDArray[np.int64],
    *,
    epochs: int,
    width: int,
    seed: int,
) -> CompositionNetwork:
    import torch

    from polyloop.crystal.generation.composition_network import CompositionNetwork

    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = CompositionNetwork(width)
    optimizer = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, weight_decay=_DECAY)
    batches = int(np.ceil(len(places) / np.clip(len(places) // _STEPS, _LEAST_BATCH, _MOST_BATCH)))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LEARNING_RATE, total_steps=epochs * batches + 1)
    for _ in range(epochs):
        for rows in np.array_split(rng.permutation(len(places)), batches):
            hidden = rng.random((2, len(rows))) < _HIDDEN
            loss = _loss(
                network, places[rows], amounts[rows],
                np.where(hidden[0], np.nan, energies[rows]), np.where(hidden[1], -1, stable[rows]),
            )  # fmt: skip
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    return network.eval()


def _loss(
    network: CompositionNetwork,
    places: NDArray[np.int64],
    amounts: NDArray[np.int64],
    energies: NDArray[np.float64],
    stable: NDArray[np.int64],
) -> Any:
    """Return the negative log-likelihood of compositions, per composition."""
    import torch
    from torch.nn.functional import cross_entropy

    from polyloop.crystal.generation.composition_network import Conditions

    asked = Conditions(torch.from_numpy(energies.astype(np.float32)), torch.from_numpy(stable))
    so_far = torch.zeros((len(places), len(ORDER)), dtype=torch.long)
    total = torch.zeros(())
    going = np.arange(len(places))
    for step in range(places.shape[1] + 1):
        element = places[going, step] if step < places.shape[1] else np.full(len(going), -1)
        state = network.state(so_far[going], _rows(asked, going))
        target = torch.from_numpy(np.where(element < 0, len(ORDER), element))
        total = total + cross_entropy(network.elements(state), target, reduction="sum")
        more = element >= 0
        if not more.any():
            break
        going, element = going[more], torch.from_numpy(element[more])
        amount = torch.from_numpy(amounts[going, step])
        logits = network.amounts(state[torch.from_numpy(more)], element)
        total = total + cross_entropy(logits, amount - 1, reduction="sum")
        so_far[going, element] = amount
    return total / len(places)


def _rows(conditions: Conditions, rows: NDArray[np.int64]) -> Conditions:
    return type(conditions)(conditions.energy[rows], conditions.stable[rows])


def _drawn(logits: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw one place of each row by its logits (the largest of logits and Gumbel noise)."""
    return np.asarray((logits + rng.gumbel(size=logits.shape)).argmax(axis=1))


def _digest(composition: Composition) -> int:
    return int.from_bytes(sha256(composition.canonical.encode()).digest()[:8], "big")


@lru_cache(maxsize=1)
def _shipped() -> ConditionalGenerator:
    return ConditionalGenerator.read(Path(str(files("polyloop.crystal") / "tables" / "composition_generator.npz")))
