"""Candidates that are written anew for each cycle: the source by the campaign file, and how each pick was made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from polyloop.campaign.config.source_checks import source_inputs
from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.directory import RunDirectory
from polyloop.campaign.pool import load_pool
from polyloop.campaign.suggestions import Proposed
from polyloop.core import Subject
from polyloop.core.options import read_options
from polyloop.design.generated import SOURCES, GeneratedSource
from polyloop.design.generated.source import PolymerDescriber
from polyloop.design.pool import Pool
from polyloop.design.pool_filter import PoolFilter

__all__ = ["generated_source", "keep_origins", "shown_pool"]

_Origins = Callable[[Sequence[str]], dict[str, dict[str, str]]]


def generated_source(config: CampaignConfig, files: RunDirectory, describer: PolymerDescriber) -> GeneratedSource:
    """Return the source that a campaign file describes.

    Raises
    ------
    InvalidInputError
        If a file of it cannot be read.
    """
    pool, part = config.pool, SOURCES[config.pool.source]
    arguments = read_options(part, pool.options, noun="source", name=pool.source)
    if pool.size is not None:
        arguments["size"] = pool.size
    inputs = replace(source_inputs(config), cache=files.path / "monomers")
    return part.read(
        inputs, blocks=tuple(config.features.blocks), describer=describer,
        accepts=PoolFilter.make(pool.elements, pool.heavy_atoms, pool.classes), **arguments,
    )  # fmt: skip


def shown_pool(config: CampaignConfig, files: RunDirectory) -> Pool | None:
    """Return what is known of the candidates: the pool, or of a source that writes them all that it proposed."""
    if config.pool.is_generated and files.generated.is_file():
        return Pool.load(files.generated)
    return load_pool(files)


def keep_origins(files: RunDirectory, kind: str, origins: _Origins, proposed: Sequence[Proposed]) -> None:
    """Add how candidates were made to what the folder of a run keeps of them; what is known already stays."""
    before = Pool.load(files.generated) if files.generated.is_file() else Pool((), (), (), (), kind=kind)
    known = set(before.texts)
    new = [text for text in dict.fromkeys(one.text for one in proposed) if text not in known]
    if not new:
        return
    said = origins(new)
    headers = list(dict.fromkeys([*before.extras, *(header for text in new for header in said.get(text, {}))]))
    blank = ("",) * len(before)
    Pool(
        (*before.texts, *new),
        (*before.keys, *(Subject(kind, text).key for text in new)),
        (*before.names, *("" for _ in new)),
        (*before.origins, *(_origin(said.get(text, {})) for text in new)),
        extras={
            header: (*before.extras.get(header, blank), *(said.get(text, {}).get(header, "") for text in new))
            for header in headers
        },
        kind=kind,
    ).save(files.generated)  # fmt: skip


def _origin(said: dict[str, str]) -> str:
    parts = [said[name] for name in ("generator", "rule", "monomers") if said.get(name)]
    return ": ".join(parts) or "written by the source"
