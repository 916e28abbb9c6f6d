"""Affine transfer as a Gaussian process: linear in what other models predict, with coefficients by structure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.learn.covariance import HyperParameters, SumCovariance, TermData, Training
from polyloop.learn.gp import GaussianProcess
from polyloop.learn.kernels import Term, default_terms
from polyloop.learn.surrogate import Array, Blocks

__all__ = ["SOURCE_BLOCK", "AffineCovariance", "AffineGaussianProcess"]

SOURCE_BLOCK = "source_predictions"
"""Block of the predictions of source models: one column each."""

SHARES = (0.25, 0.5, 0.25)
"""Prior medians of the variances of k(x), lin(f) and their product, each shared by its terms.

Equal shares of all terms would leave a twelfth to lin(f) where there are four blocks. Of these, thirds and
equal shares, these had the best leave-one-out error and density over the labels of benchmarks/transfer.py.
"""


@dataclass(frozen=True)
class AffineCovariance(SumCovariance):
    """lin(f) + lin(f) x k(x) + k(x), f the block `source_predictions` and x all others, in standardised units.

    Draws from it are the functions g1(f) + g2(f) g3(x) of affine model transfer with linear g1 and g2: lin(f) carries
    over what the sources say, lin(f) x k(x) lets that depend on the structure, and k(x), the sum of `SumCovariance`,
    learns what no source knows. Each product has a variance and length scale of its own, so that one source that is
    useless costs little.

    Parameters
    ----------
    products
        The terms of k(x) that lin(f) multiplies; their hyper-parameters come after those of `terms`.

    References
    ----------
    Minami, Fukumizu, Hayashi & Yoshida (2023), arXiv:2210.09745.
    """

    products: tuple[Term, ...] = ()

    @classmethod
    def of(cls, X: Blocks, kernels: Mapping[str, tuple[str, ...]] | None = None) -> AffineCovariance:
        """Take the scales from the training rows, and the terms of k(x) as a Gaussian process would."""
        structure = {name: block for name, block in X.items() if name != SOURCE_BLOCK}
        terms = default_terms(structure, kernels) if structure else ()
        # The linear terms of x stay outside the products: lin(f) lin(x) extrapolates with the square of the distance.
        products = tuple(term for term in terms if term.kind != "linear")
        fitted = SumCovariance.fit(X, (*terms, Term(SOURCE_BLOCK, "linear")))
        return cls(fitted.terms, fitted.geometries, fitted.widths, products=products)

    def with_parameters(self, parameters: HyperParameters) -> AffineCovariance:
        """Return the same covariance with these hyper-parameters."""
        return replace(self, hyperparameters=parameters)

    def term_data(self, X: Blocks) -> list[TermData]:
        """Return what the fit of hyper-parameters needs of each term, the products last."""
        data = super().term_data(X)
        by_term = {part.term: part for part in data}
        linear = by_term[Term(SOURCE_BLOCK, "linear")].matrix
        products = [replace(by_term[term], factor=linear) for term in self.products]
        shares = zip(SHARES, (data[:-1], data[-1:], products), strict=True)
        return [replace(one, share=share / len(part)) for share, part in shares for one in part]

    def cross(self, X: Blocks, training: Training) -> tuple[Array, Array]:
        """Return the covariance of X with the training rows (n, n_train), and the prior variance of X (n,)."""
        total, diagonal = super().cross(X, training)
        linear, own = self._linear(X, training)
        for place, term in enumerate(self.products, start=len(self.terms)):
            variance = self.parameters.variances[place]
            total += variance * linear * self._correlation(place, term, X, training)
            diagonal += variance * own
        return total, diagonal

    def _linear(self, X: Blocks, training: Training) -> tuple[Array, Array]:
        """Return lin(f) between X and the training rows, and of the rows of X with themselves."""
        geometry = self.geometries[SOURCE_BLOCK]
        z = geometry.encode(X[SOURCE_BLOCK].values)
        own: Array = np.einsum("ij,ij->i", z, z) / geometry.mean_square
        return z @ training.encoded[SOURCE_BLOCK][0].T / geometry.mean_square, own

    def _correlation(self, place: int, term: Term, X: Blocks, training: Training) -> Array:
        if term.kind == "minmax":
            return training.counts[term.block].kernel(X[term.block].values)
        z = self.geometries[term.block].encode(X[term.block].values)
        z_train, squares_train = training.encoded[term.block]
        squares = np.einsum("ij,ij->i", z, z)
        return self._stationary(place, term, z, z_train, z @ z_train.T, squares, squares_train)


class AffineGaussianProcess(GaussianProcess):
    """Exact GP of affine model transfer: its rows have a block `source_predictions` beside the descriptors.

    Everything else is as in `GaussianProcess`: the same priors, the same fit, leave-one-out in closed form.

    Examples
    --------
    >>> import numpy as np
    >>> from polyloop.core.descriptors import BlockValues
    >>> rng = np.random.default_rng(0)
    >>> x, f = rng.random((12, 2)), rng.normal(size=(12, 1))
    >>> X = {"x": BlockValues(x, "physical"), "source_predictions": BlockValues(f, "physical")}
    >>> model = AffineGaussianProcess().fit(X, 5 + 2 * f[:, 0])
    >>> more = {"x": BlockValues(x[:1], "physical"), "source_predictions": BlockValues([[3.0]], "physical")}
    >>> round(float(model.predict(more).mean[0]))
    11
    """

    def _geometry(self, X: Blocks) -> AffineCovariance:
        if SOURCE_BLOCK not in X:
            raise InvalidInputError(
                f"There is no block {SOURCE_BLOCK!r}.", hint="Add what SourceLibrary.predictions gives for these rows."
            )
        if X[SOURCE_BLOCK].kind.is_occurrence:
            raise InvalidInputError(
                "Predictions of source models are quantities, no occurrences.", where=f"block {SOURCE_BLOCK!r}",
                hint="Make it of the kind 'physical'.",
            )  # fmt: skip
        if self.ard:
            raise InvalidInputError("Affine transfer has one length scale a block.", where="ard", hint="Leave it out.")
        return AffineCovariance.of(X, self.kernels)
