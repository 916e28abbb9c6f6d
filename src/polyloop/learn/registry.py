"""Surrogates by name, as campaign files call them."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import Any

from polyloop.core import ConfigurationError
from polyloop.learn.ensemble import RidgeEnsemble
from polyloop.learn.forest import RandomForest
from polyloop.learn.gp import GaussianProcess
from polyloop.learn.product_gp import ProductGaussianProcess
from polyloop.learn.surrogate import Surrogate

__all__ = ["SURROGATES", "make_surrogate"]

SURROGATES: dict[str, Callable[..., Surrogate]] = {
    "gp": GaussianProcess,
    "product_gp": ProductGaussianProcess,
    "random_forest": RandomForest,
    "ensemble": RidgeEnsemble,
}


def make_surrogate(name: str = "gp", **options: Any) -> Surrogate:
    """Make an unfitted surrogate: "gp", "product_gp", "random_forest" or "ensemble", with its constructor's options.

    Raises
    ------
    ConfigurationError
        If there is no such surrogate or option; the message names the nearest.
    """
    if name not in SURROGATES:
        raise ConfigurationError(f"There is no surrogate {name!r}.", where="surrogate", hint=_nearest(name, SURROGATES))
    known = inspect.signature(SURROGATES[name]).parameters
    for option in options:
        if option not in known:
            raise ConfigurationError(
                f"Surrogate {name!r} has no option {option!r}.", where="surrogate", hint=_nearest(option, known)
            )
    return SURROGATES[name](**options)


def _nearest(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.4)
    return f"Did you mean {near[0]!r}?" if near else f"Known: {', '.join(known)}."
