"""Networks that practise extrapolation: each lesson teaches from part of the rows and asks those that lie beyond."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.core.options import Option
from polyloop.learn.bootstrap import check_members, out_of_bag_noise
from polyloop.learn.members import ColumnModel
from polyloop.learn.state import State
from polyloop.learn.surrogate import Array

if TYPE_CHECKING:
    import torch

__all__ = ["EpisodicRegression"]

_AXES, _HIDDEN, _EMBEDDING = 64, 128, 32
# Rows that a lesson teaches from and asks at most, and the share of rows that a member is taught at all.
_SUPPORT, _ASKED, _TAUGHT = 128, 32, 0.8
# Rows below which there is nothing to practise on, and a ridge regression of the columns is all.
_FEW = 12
_LEAST_PENALTY = 1e-3


class EpisodicRegression(ColumnModel):
    """Ridge regression on features that a network learns by practising extrapolation on the training rows.

    A lesson draws a support, from which ridge coefficients in the network's features follow in closed form, and asks
    rows that lie outside it: those of the highest or lowest values, or those at one end of a random direction among the
    descriptors, or, for the rest of the lessons, any others. The network learns what makes the answers right. In the
    end the coefficients follow from all rows. Members differ in the rows that they are taught, in their lessons and
    their first weights; the noise is what errors on the rows left out of them show beyond their spread.

    An experiment: what it brings and what it does not is in the validation of the models.

    Parameters
    ----------
    n_members
        Number of networks.
    lessons
        Number of lessons of each.
    beyond
        Share of lessons that ask beyond their support.
    seed
        Of all draws.

    References
    ----------
    Extrapolative episodic training: Noda, Wu, Kusaba, Yoshida (2024), arXiv:2404.08657. Theirs is an attention network
    with a ridge head on a support of its own for each prediction; ours takes one support, all rows.
    """

    options: ClassVar[tuple[Option, ...]] = (
        Option("members", int, 5, "Number of networks.", 2, 100, argument="n_members"),
        Option("lessons", int, 800, "Lessons of each network.", 1, 100_000),
        Option("beyond", float, 0.7, "Share of lessons that ask beyond what they teach.", 0.0, 1.0),
    )

    def __init__(self, n_members: int = 5, *, lessons: int = 800, beyond: float = 0.7, seed: int = 0) -> None:
        if lessons < 1 or not 0.0 <= beyond <= 1.0:
            raise InvalidInputError(
                f"{lessons} lessons, {beyond} of them beyond what they teach.",
                hint="Give at least one lesson, and a share from 0 to 1.",
            )
        self.n_members, self.seed = check_members(n_members), seed
        self.lessons, self.beyond = lessons, beyond

    def _fit(self, features: Array, y: Array, known: Array) -> float:
        import torch

        from polyloop.learn.hyperparameters import one_thread

        n, rng = len(y), np.random.default_rng(self.seed)
        self._center = features.mean(axis=0)
        _, sizes, axes = np.linalg.svd(features - self._center, full_matrices=False)
        axes = axes[sizes > 1e-9 * max(float(sizes.max(initial=0.0)), 1e-300)][:_AXES]
        if not len(axes):
            axes = np.zeros((1, features.shape[1]))
        rotated = (features - self._center) @ axes.T
        # Networks start best from inputs of about unit size.
        size = float(np.sqrt((rotated**2).mean())) or 1.0
        self._axes = axes / size
        rows, weights = self._inputs(features), 1.0 / (1.0 + known)
        inside = np.zeros((n, self.n_members), dtype=bool)
        self._networks: list[dict[str, Array]] = []
        # Torch draws from a state of its own: it is ours for these lines alone, so that nobody else's draws change.
        with one_thread(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**31)))
            for member in range(self.n_members):
                taught = np.sort(rng.permutation(n)[: max(2, round(_TAUGHT * n))]) if n > 2 else np.arange(n)
                inside[taught, member] = True
                self._networks.append(self._train(rows[taught], y[taught], weights[taught], rng))
        return out_of_bag_noise(self._members(features), inside, y, known)

    def _inputs(self, features: Array) -> Array:
        inputs: Array = (features - self._center) @ self._axes.T
        return inputs

    def _train(self, rows: Array, y: Array, weights: Array, rng: np.random.Generator) -> dict[str, Array]:
        """Teach one network; return its weights and the coefficients on its features, by name."""
        import torch

        network = _network(rows.shape[1])
        log_penalty = torch.zeros((), dtype=torch.double, requires_grad=True)
        X, target, trust = (torch.from_numpy(np.ascontiguousarray(part)) for part in (rows, y, weights))
        optimizer = torch.optim.AdamW([*network.parameters(), log_penalty], lr=1e-3, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, self.lessons)
        for _ in range(self.lessons if len(y) >= _FEW else 0):
            support, asked = self._lesson(rows, y, rng)
            # One pass for both.
            found = network(X[np.concatenate([support, asked])])
            taught, posed = found[: len(support)], found[len(support) :]
            coefficients, intercept = _ridge(taught, target[support], trust[support], log_penalty)
            loss = (trust[asked] * (posed @ coefficients + intercept - target[asked]).square()).mean()
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        with torch.no_grad():
            coefficients, intercept = _ridge(network(X), target, trust, log_penalty)
        state = {name: value.detach().numpy().copy() for name, value in network.state_dict().items()}
        return {**state, "coefficients": coefficients.numpy(), "intercept": intercept.numpy()}

    def _lesson(self, rows: Array, y: Array, rng: np.random.Generator) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Draw the rows that a lesson teaches from, and those that it asks."""
        n = len(y)
        if rng.random() < self.beyond:
            along = y if rng.random() < 0.5 else rows @ rng.standard_normal(rows.shape[1])
            order = np.argsort(along, kind="stable")
            order = order if rng.random() < 0.5 else order[::-1]
        else:
            order = rng.permutation(n)
        share = max(2, round(n * rng.uniform(0.1, 0.6)))
        apart, rest = order[:share], order[share:]
        asked = rng.permutation(apart)[:_ASKED]
        return rng.permutation(rest)[:_SUPPORT], asked

    def _members(self, features: Array) -> Array:
        import torch

        inputs = torch.from_numpy(np.ascontiguousarray(self._inputs(features)))
        answers = []
        with torch.no_grad():
            for learnt in self._networks:
                network = _network(inputs.shape[1])
                network.load_state_dict(
                    {name: torch.from_numpy(learnt[name]) for name in network.state_dict()}, strict=True
                )
                answers.append(network(inputs).numpy() @ learnt["coefficients"] + float(learnt["intercept"]))
        return np.column_stack(answers)

    def _learnt(self) -> dict[str, NDArray[Any]]:
        learnt = {f"{j}/{name}": array for j, one in enumerate(self._networks) for name, array in one.items()}
        return {"center": self._center, "axes": self._axes, "count": np.array(len(self._networks)), **learnt}

    def _take(self, learnt: State) -> None:
        self._center, self._axes = learnt["center"], learnt["axes"]
        self._networks = [
            {name.split("/", 1)[1]: array for name, array in learnt.items() if name.startswith(f"{j}/")}
            for j in range(int(learnt["count"]))
        ]


def _network(inputs: int) -> torch.nn.Module:
    """Features of a row: what two layers make of it, beside a linear map of it, so that straight lines stay easy."""
    import torch

    class Features(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bent = torch.nn.Sequential(
                torch.nn.Linear(inputs, _HIDDEN), torch.nn.SiLU(), torch.nn.Linear(_HIDDEN, _EMBEDDING)
            )
            self.straight = torch.nn.Linear(inputs, _EMBEDDING, bias=False)

        def forward(self, rows: torch.Tensor) -> torch.Tensor:
            features: torch.Tensor = self.bent(rows) + self.straight(rows)
            return features

    return Features().double()


def _ridge(
    features: torch.Tensor, y: torch.Tensor, weights: torch.Tensor, log_penalty: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return ridge coefficients and intercept from weighted rows; the penalty is relative to the mean eigenvalue."""
    import torch

    share = weights / weights.sum()
    center, mean = share @ features, share @ y
    centred = features - center
    gram = centred.T @ (share[:, None] * centred)
    penalty = (log_penalty.exp() * 0.1 + _LEAST_PENALTY) * (gram.diagonal().mean() + 1e-12)
    coefficients = torch.linalg.solve(
        gram + penalty * torch.eye(len(gram), dtype=gram.dtype), centred.T @ (share * (y - mean))
    )
    return coefficients, mean - center @ coefficients
