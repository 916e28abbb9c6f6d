"""Surrogates by name, as campaign files call them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from polyloop.core import ConfigurationError
from polyloop.core.names import did_you_mean
from polyloop.learn.ensemble import RidgeEnsemble
from polyloop.learn.forest import RandomForest
from polyloop.learn.gp import GaussianProcess
from polyloop.learn.surrogate import Surrogate

__all__ = ["SURROGATES", "make_surrogate"]

SURROGATES: dict[str, Callable[..., Surrogate]] = {
    "gp": GaussianProcess,
    "random_forest": RandomForest,
    "ensemble": RidgeEnsemble,
}


def make_surrogate(name: str = "gp", **options: Any) -> Surrogate:
    """Make an unfitted surrogate: "gp", "random_forest" or "ensemble", with its constructor's options.

    Raises
    ------
    ConfigurationError
        If there is no such surrogate or option; the message names the nearest.
    """
    if name not in SURROGATES:
        hint = did_you_mean(name, SURROGATES)
        raise ConfigurationError(f"There is no surrogate {name!r}.", where="surrogate", hint=hint)
    known = inspect.signature(SURROGATES[name]).parameters
    for option in options:
        if option not in known:
            raise ConfigurationError(
                f"Surrogate {name!r} has no option {option!r}.", where="surrogate", hint=did_you_mean(option, known)
            )
    return SURROGATES[name](**options)
