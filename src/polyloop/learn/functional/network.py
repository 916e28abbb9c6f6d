"""A kernel network: a neural network of the structure gives the weights of kernels along the axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.learn.columns import Columns
from polyloop.learn.functional.curves import Axis, CurvePrediction, check_curves, pointwise_quantile
from polyloop.learn.surrogate import Array, Blocks

if TYPE_CHECKING:
    import torch

__all__ = ["KernelNetwork"]

# A twentieth of the axis is what an absorption band is wide; centres half a width apart make smooth sums.
_WIDTH = 0.05
_HELD_OUT = 0.1


class KernelNetwork:
    """Curve(x, t) = mean(t) + sum_j w_j(x) k(t, t_j): Gaussians along the axis whose weights a network learns.

    Several networks from different starts are averaged. Each stops where its error on a tenth of the training rows,
    drawn anew for each, is least; the band is the quantile of these held-out errors at each point.

    Parameters
    ----------
    axis
        What the curves are drawn over.
    rng
        Draws the held-out rows, the weights at the start, and the batches.
    networks, hidden, epochs, patience
        How many, the width of the two hidden layers, the most epochs, and how many without a gain end one.

    References
    ----------
    Kernel neural networks for functional outputs: Iwayama, Wu, Liu & Yoshida (2022), doi:10.1021/acs.jcim.2c00626.
    """

    def __init__(
        self,
        axis: Axis,
        rng: np.random.Generator,
        *,
        networks: int = 2,
        hidden: int = 256,
        epochs: int = 150,
        patience: int = 15,
    ) -> None:
        self.axis, self._rng = axis, rng
        self.networks, self.hidden, self.epochs, self.patience = networks, hidden, epochs, patience
        self._trained: list[torch.nn.Module] = []

    def fit(self, X: Blocks, Y: Array) -> Self:
        """Learn from n subjects and their curves (n, p).

        Raises
        ------
        InvalidInputError
            If the curves are not on the axis, or there are fewer than twenty.
        """
        import torch

        from polyloop.learn.hyperparameters import one_thread

        Y = check_curves(X, Y)
        if Y.shape[1] != len(self.axis) or len(Y) < 20:
            raise InvalidInputError(
                f"Curves of shape {Y.shape} on an axis of {len(self.axis)} points; a network needs twenty of them."
            )
        self._columns, self._mean = Columns.of(X), Y.mean(axis=0)
        scaled = self._columns.scaled(X)
        # Rows have mean squared norm 1 a block; networks start best from columns of about that size each.
        varies = np.flatnonzero(scaled.std(axis=0) > 0)
        self._varies, self._gain = varies, float(np.sqrt(max(1, len(varies))))
        self._trained, errors = [], []
        # Torch draws from a state of its own: it is ours for these lines alone, so that nobody else's draws change.
        with one_thread(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(self._rng.integers(2**31)))
            for _ in range(self.networks):
                network, held = self._train(scaled[:, varies] * self._gain, Y - self._mean)
                self._trained.append(network)
                errors.append(held)
        self._half_width = pointwise_quantile(np.concatenate(errors))
        return self

    def _train(self, inputs: Array, Y: Array) -> tuple[torch.nn.Module, Array]:
        """Train one network; return it and its errors on the rows that it did not see."""
        import torch

        order = self._rng.permutation(len(Y))
        held, rest = np.split(order, [max(2, int(_HELD_OUT * len(Y)))])
        X_all, Y_all = (torch.from_numpy(np.asarray(part, dtype=np.float32)) for part in (inputs, Y))
        network = self._network(inputs.shape[1])
        optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-2)
        best, state, waited = np.inf, {}, 0
        for _ in range(self.epochs):
            network.train()
            shuffled = self._rng.permutation(rest)
            for start in range(0, len(shuffled), 64):
                batch = shuffled[start : start + 64]
                optimizer.zero_grad()
                loss = torch.nn.functional.mse_loss(network(X_all[batch]), Y_all[batch])
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            error = float(np.mean(self._errors(network, X_all[held], Y_all[held]) ** 2))
            if error < best:
                best, waited = error, 0
                state = {name: value.clone() for name, value in network.state_dict().items()}
            else:
                waited += 1
                if waited > self.patience:
                    break
        network.load_state_dict(state)
        return network, self._errors(network, X_all[held], Y_all[held])

    def _network(self, width: int) -> torch.nn.Module:
        import torch

        span = self.axis.points[-1] - self.axis.points[0]
        centres = np.arange(self.axis.points[0], self.axis.points[-1] + span * _WIDTH / 2, span * _WIDTH / 2)
        bumps = np.exp(-0.5 * ((self.axis.points[None, :] - centres[:, None]) / (span * _WIDTH)) ** 2)
        layers = [
            torch.nn.Linear(width, self.hidden), torch.nn.ReLU(), torch.nn.Dropout(0.3),
            torch.nn.Linear(self.hidden, self.hidden), torch.nn.ReLU(), torch.nn.Dropout(0.3),
            torch.nn.Linear(self.hidden, len(centres)), torch.nn.Linear(len(centres), len(self.axis), bias=False),
        ]  # fmt: skip
        # The last layer is the kernels, and is not trained.
        layers[-1].weight = torch.nn.Parameter(
            torch.from_numpy(np.ascontiguousarray(bumps.T, dtype=np.float32)), requires_grad=False
        )
        return torch.nn.Sequential(*layers)

    def _errors(self, network: torch.nn.Module, X: torch.Tensor, Y: torch.Tensor) -> Array:
        import torch

        network.eval()
        with torch.no_grad():
            errors: Array = (Y - network(X)).numpy().astype(float)
        return errors

    def predict(self, X: Blocks) -> CurvePrediction:
        """Predict the curves of n subjects."""
        import torch

        if not self._trained:
            raise InvalidInputError("The model has not been fitted.", hint="Call fit(X, Y) first.")
        scaled = self._columns.scaled(X)[:, self._varies] * self._gain
        inputs = torch.from_numpy(scaled.astype(np.float32))
        nothing = torch.zeros((len(inputs), len(self.axis)))
        curves = [self._mean - self._errors(network, inputs, nothing) for network in self._trained]
        mean: Array = np.mean(curves, axis=0)
        return CurvePrediction(mean, np.broadcast_to(self._half_width, mean.shape))
