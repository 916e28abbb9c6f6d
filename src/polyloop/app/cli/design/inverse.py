"""`polyloop design invert`: polymers of wanted properties, with how they are made and what their monomers cost."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyloop.app.cli.console import message, write_json, write_table

if TYPE_CHECKING:
    from polyloop.design.inverse import DesignPrior, DesignResult, PropertyPredictor, PropertyTarget
    from polyloop.design.library import StockMonomer

__all__ = ["invert"]

_EVERY = 50


def invert(
    target: Annotated[
        list[str],
        typer.Option("--target", metavar="NAME=LOW:HIGH", help="Range of a property; may be repeated."),
    ],
    n: Annotated[int, typer.Option("-n", min=1, help="Number of polymers to return.")] = 20,
    calls: Annotated[int, typer.Option("--calls", min=1, help="Most polymers to predict.")] = 500,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same polymers.")] = 0,
    method: Annotated[
        str, typer.Option("--method", metavar="NAME", help="Way of searching; see the reference.")
    ] = "posterior",
    model: Annotated[
        list[Path] | None,
        typer.Option("--model", metavar="FOLDER", help="Trained model of a property; may be repeated."),
    ] = None,
    monomers: Annotated[
        Path | None,
        typer.Option("--monomers", metavar="FILE", help="Table of monomers.  [default: the shipped ones]"),
    ] = None,
    most_price: Annotated[
        float | None, typer.Option("--max-price", metavar="USD", help="Most US$ of monomers for a kg of repeat unit.")
    ] = None,
    makeability: Annotated[
        float, typer.Option("--makeability", min=0.0, help="Weight of makeability in the prior; 0 leaves it out.")
    ] = 1.0,
    elements: Annotated[
        str | None, typer.Option("--elements", metavar="A,B", help="Elements beside hydrogen.")
    ] = None,
    heavy_atoms: Annotated[int, typer.Option("--max-atoms", min=1, help="Most heavy atoms of a repeat unit.")] = 80,
    directory: Annotated[
        Path | None, typer.Option("--directory", metavar="FOLDER", help="Folder that the same command goes on with.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:  # fmt: skip
    """Find polymers of wanted properties among those that known polymerisations make of monomers on hand."""
    import numpy as np

    from polyloop.core import user_cache
    from polyloop.design.inverse import InverseDesigner, Oracle, read_target
    from polyloop.design.inverse.folder import DesignFolder
    from polyloop.design.library import read_stock, shipped_stock

    targets = [read_target(text) for text in target]
    prior = _prior(makeability, most_price, elements, heavy_atoms)
    predictors = _predictors(model or [])
    stock = shipped_stock() if monomers is None else read_stock(monomers)
    request = _request(targets, predictors, stock, prior, method=method, calls=calls, seed=seed)
    # What can be refused is refused before a folder is made and before the monomers are classified.
    Oracle(targets, predictors, calls=calls, scope=prior.scope)
    _check_method(method)
    folder = None if directory is None else DesignFolder(directory, request)
    oracle = Oracle(
        targets, predictors, calls=calls, scope=prior.scope, cache=folder.cache() if folder else None, progress=_told
    )
    designer = InverseDesigner.over(stock, prior=prior, method=method, cache=user_cache() / "monomers")
    result = designer.design(oracle, np.random.default_rng(seed), n=n)
    if folder is not None:
        message(f"Kept in {folder.keep(result)}")
    _show(result, as_json)


def _show(result: DesignResult, as_json: bool) -> None:
    message(
        f"{result.calls} polymers predicted, {result.in_range} of them in all ranges with a probability above one half."
    )
    if as_json:
        write_json([one.to_dict() for one in result.candidates])
        return
    names = list(result.candidates[0].predicted) if result.candidates else []
    columns = [column for name in names for column in (name, f"{name}_std")]
    rows = []
    for one in result.candidates:
        values = [value for name in names for value in (one.predicted[name].mean, one.predicted[name].std)]
        rows.append((one.smiles, one.score, *values, one.rule or "-", " + ".join(one.monomers) or "-", one.price))
    write_table(("smiles", "score", *columns, "rule", "monomers", "price"), rows)


def _prior(makeability: float, most_price: float | None, elements: str | None, heavy_atoms: int) -> DesignPrior:
    from polyloop.design.inverse import DesignPrior, StructureScope

    if elements is None:
        scope = StructureScope(most_heavy_atoms=heavy_atoms)
    else:
        # Repeat units without hydrogen are rare; who names elements means those beside it.
        symbols = frozenset({"H", *(symbol.strip() for symbol in elements.split(","))})
        scope = StructureScope(elements=symbols, most_heavy_atoms=heavy_atoms)
    return DesignPrior(makeability=makeability, most_price=most_price, scope=scope)


def _predictors(models: list[Path]) -> list[PropertyPredictor]:
    from polyloop.design.inverse import ModelPredictor, ProtocolPredictor

    return [*(ModelPredictor(folder) for folder in models), ProtocolPredictor()]


def _check_method(method: str) -> None:
    from polyloop.core import InvalidInputError
    from polyloop.core.names import did_you_mean
    from polyloop.design.inverse import DESIGNERS

    if method not in DESIGNERS:
        raise InvalidInputError(f"There is no method {method!r}.", hint=did_you_mean(method, DESIGNERS))


def _request(
    targets: list[PropertyTarget], predictors: list[PropertyPredictor], stock: tuple[StockMonomer, ...],
    prior: DesignPrior, **settings: Any,
) -> dict[str, Any]:  # fmt: skip
    listed = "\n".join(f"{one.smiles} {one.price}" for one in stock)
    return {
        "targets": [str(one) for one in targets], "predictors": [one.predictor_id for one in predictors],
        "monomers": sha256(listed.encode()).hexdigest(), "makeability": prior.makeability,
        "most_price": prior.most_price, "elements": sorted(prior.scope.elements),
        "most_heavy_atoms": prior.scope.most_heavy_atoms, **settings,
    }  # fmt: skip


def _told(spent: int) -> None:
    if spent % _EVERY == 0:
        message(f"{spent} polymers predicted so far")
