"""Surrogates by name, as campaign files call them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from polyloop.core import ConfigurationError, Registry
from polyloop.core.names import did_you_mean
from polyloop.learn.surrogate import Surrogate

__all__ = ["SURROGATES", "make_surrogate"]

SURROGATES: Registry[Callable[..., Surrogate]] = Registry("surrogates", "surrogate", ("fit", "predict", "condition"))


def make_surrogate(name: str = "gp", *, seed: int | None = None, **options: Any) -> Surrogate:
    """Make an unfitted surrogate by its registered name, with its constructor's options.

    Parameters
    ----------
    seed
        Handed on to surrogates that draw random numbers.

    Raises
    ------
    ConfigurationError
        If there is no such surrogate or option; the message names the nearest.
    """
    make = SURROGATES.find(name, "surrogate")
    known = inspect.signature(make).parameters
    for option in options:
        if option not in known:
            raise ConfigurationError(
                f"Surrogate {name!r} has no option {option!r}.", where="surrogate", hint=did_you_mean(option, known)
            )
    if seed is not None and "seed" in known:
        options["seed"] = seed
    return make(**options)
