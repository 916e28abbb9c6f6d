"""SevenNet-0 of July 2024, whose weights come with its package."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from polyloop.core.optional import require

__all__ = ["SEVENNET", "SevennetPotential"]


class SevennetPotential:
    """SevenNet-0, an equivariant network trained on MPtrj; its energies are those of PBE and PBE+U as computed."""

    name = "sevennet"
    package = "sevenn"
    weights = "7net-0_11july2024"
    reference = "doi:10.1021/acs.jctc.4c00190"

    def versions(self) -> Mapping[str, str]:
        """Return the package's version and that of the weights."""
        return {"sevenn": version("sevenn"), "sevenn weights": self.weights}

    def calculator(self) -> Any:
        """Return its ASE calculator, on the CPU."""
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            module = require("sevenn.calculator", extra="crystal")
            return module.SevenNetCalculator(self.weights, device="cpu")


SEVENNET = SevennetPotential()
