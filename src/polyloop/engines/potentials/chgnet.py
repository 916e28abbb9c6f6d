"""CHGNet 0.3.0, whose weights come with its package."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from polyloop.core.optional import require

__all__ = ["CHGNET", "ChgnetPotential"]


class ChgnetPotential:
    """CHGNet, trained on MPtrj; its energies follow the Materials Project's corrections of 2020."""

    name = package = "chgnet"
    weights = "0.3.0"
    reference = "doi:10.1038/s42256-023-00716-3"

    def versions(self) -> Mapping[str, str]:
        """Return the package's version and that of the weights."""
        return {"chgnet": version("chgnet"), "chgnet weights": self.weights}

    def calculator(self) -> Any:
        """Return its ASE calculator, on the CPU."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = require("chgnet.model.model", extra="crystal")
            dynamics = require("chgnet.model.dynamics", extra="crystal")
            # The package greets on stdout, where polyloop writes results.
            with contextlib.redirect_stdout(io.StringIO()):
                network = model.CHGNet.load(model_name=self.weights, use_device="cpu", verbose=False)
                return dynamics.CHGNetCalculator(network, use_device="cpu", on_isolated_atoms="ignore")


CHGNET = ChgnetPotential()
