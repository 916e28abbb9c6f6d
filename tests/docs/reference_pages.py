"""The pages of the reference that are made from tables: `python -m tests.docs.reference_pages` writes them anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from polyloop.campaign.config.file import MODELS
from polyloop.core import CONDITIONS, PROPERTIES
from polyloop.core.options import options_of
from polyloop.core.settings import SETTINGS
from polyloop.design import ACQUISITIONS
from polyloop.design.generated import SOURCES
from polyloop.features import BLOCKS
from polyloop.features.block import column_units, get_block
from polyloop.features.quantum_descriptors import QMEX
from polyloop.learn import SURROGATES
from polyloop.simulate import LEVELS, PROTOCOLS

__all__ = ["PAGES", "ROOT"]

ROOT = Path(__file__).parents[2] / "docs" / "reference"

_PROPERTIES_HEAD = """# Properties

All properties that polyloop knows: their names are what campaign files, tables, options and records use. A value
outside the plausible range is `unphysical`: it is kept and shown, and no model ever learns from it. Values of a table
may stand in other units (`density [kg/m3]`, see [Tables](tables.md)); everywhere else the unit is the one given here,
`1` for a pure number. A value holds at the temperature and pressure of its record.

A property without a protocol can still be an objective: with [a table or a function](campaign_file.md) as its
evaluator. What each protocol does and costs is said in [Protocols](protocols.md).
"""

_PROTOCOLS_HEAD = """# Protocols

A protocol is a recipe that yields properties of a repeat unit; its version changes whenever its values do. A level is a
choice of protocols by what they cost: `--level NAME`, or `level = "NAME"` in an objective. For each property a level
names the first protocol below that yields it. Those marked *on request* run only where they or one of their properties
are named. What the properties are is said in [Properties](properties.md).
"""


def properties_page() -> str:
    """Return the page of all properties."""
    lines = [
        _PROPERTIES_HEAD,
        "| name | symbol | unit | plausible range | definition | source |",
        "|---|---|---|---|---|---|",
    ]
    for row in PROPERTIES.values():
        cells = (f"`{row.name}`", f"`{row.symbol}`", row.unit, f"{row.low:g} to {row.high:g}", row.definition)
        lines.append(_row(*cells, _linked(row.reference)))
    lines += ["", "## Which protocols yield them", "", "| property | protocols |", "|---|---|"]
    for name in PROPERTIES:
        labels = [f"`{label}`" for label, protocol in PROTOCOLS.items() if name in protocol.properties]
        lines.append(_row(f"`{name}`", ", ".join(labels) or "none: from a table or a function"))
    return "\n".join(lines) + "\n"


def protocols_page() -> str:
    """Return the page of all protocols."""
    lines = [_PROTOCOLS_HEAD]
    for level, what in LEVELS.items():
        lines += [f"## Level {level}", "", f"{what[0].upper()}{what[1:]}.", ""]
        for label, protocol in PROTOCOLS.items():
            if protocol.level == level:
                lines += [f"### {label}", "", protocol.description, ""]
                lines += [f"- **Cost**: {protocol.cost}.", f"- **Conditions**: {_conditions(protocol.conditions)}."]
                if protocol.goes_on_from:
                    lines.append(f"- **Goes on from**: {', '.join(f'`{name}`' for name in protocol.goes_on_from)}.")
                if protocol.on_request:
                    lines.append("- *On request.*")
                lines += [f"- **Yields**: {', '.join(f'`{name}`' for name in protocol.properties)}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def _conditions(names: tuple[str, ...]) -> str:
    return f"any {' and '.join(names)}" if names else "298.15 K and 1 atm"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _linked(reference: str) -> str:
    """Turn each DOI into a link."""
    parts = []
    for part in reference.split("; "):
        doi, _, rest = part.removeprefix("doi:").partition(" ")
        parts.append(f"[{doi}](https://doi.org/{doi}){' ' * bool(rest)}{rest}" if part.startswith("doi:") else part)
    return "; ".join(parts)


def settings_page() -> str:
    """Return the page of settings and conditions."""
    lines = ["# Settings and conditions", "", "## Settings", ""]
    lines += ["Environment variables; a variable POLYLOOP_* that is none of these is refused.", ""]
    lines += ["| variable | meaning | when not set |", "|---|---|---|"]
    lines += [_row(f"`{row.name}`", row.meaning, row.default) for row in SETTINGS.values()]
    lines += ["", "## Conditions", "", "The state of a sample: temperature and pressure, and any other of these that "]
    lines[-1] += "differs from its default, in `[campaign.conditions]`, in columns of tables and in `Conditions(...)`."
    lines += ["", "| name | unit | default | definition |", "|---|---|---|---|"]
    lines += [
        _row(f"`{name}`", row.unit or "a word", f"{row.default}", row.definition) for name, row in CONDITIONS.items()
    ]
    return "\n".join(lines) + "\n"


_BLOCKS_BEGIN, _BLOCKS_END = "<!-- blocks of the registry -->", "<!-- end of blocks -->"


def features_page() -> str:
    """Return the page of descriptors, its tables of blocks and of the QMex set made anew."""
    page = (ROOT / "features.md").read_text(encoding="utf-8")
    head, _, rest = page.partition(_BLOCKS_BEGIN)
    tail = rest.partition(_BLOCKS_END)[2]
    lines = ["| block | columns | kind | describes | unless named | what |", "|---|---|---|---|---|---|"]
    for name in BLOCKS:
        block = get_block(name)
        said = (type(block).__doc__ or "").strip().splitlines()[0]
        asked = "left out" if getattr(block, "on_request", False) else "taken"
        cells = (f"`{name}`", f"{len(block.names()):,}", f"`{block.kind}`", ", ".join(block.subjects), asked, said)
        lines.append(_row(*cells))
    lines += ["", "The 22 columns of `qmex` and `qmex_standard`, of the capped oligomer:", ""]
    lines += ["| column | unit | in the published set | definition |", "|---|---|---|---|"]
    for row, unit in zip(QMEX, column_units(get_block("qmex")), strict=True):
        lines.append(_row(f"`{row.column}`", unit, f"`{row.symbol}`", PROPERTIES[row.name].definition))
    table = "\n".join(lines)
    return f"{head}{_BLOCKS_BEGIN}\n\n{table}\n\n{_BLOCKS_END}{tail}"


_TABLES_BEGIN, _TABLES_END = "<!-- tables made from the models -->", "<!-- end of tables -->"


def campaign_file_page() -> str:
    """Return the page of the campaign file, its tables of keys made anew from the models."""
    page = (ROOT / "campaign_file.md").read_text(encoding="utf-8")
    head, _, rest = page.partition(_TABLES_BEGIN)
    tail = rest.partition(_TABLES_END)[2]
    sections = [_section(name, model) for name, model in MODELS.items()]
    return f"{head}{_TABLES_BEGIN}\n\n{''.join(sections)}{_TABLES_END}{tail}"


def _section(name: str, model: type[BaseModel]) -> str:
    heading, _, said = " ".join((model.__doc__ or "").split()).partition(": ")
    lines = [f"## {heading}", "", f"{said[:1].upper()}{said[1:]}", "", "| key | type | default | meaning |"]
    lines.append("|---|---|---|---|")
    for key, field in model.model_fields.items():
        default = "required" if field.is_required() else _default(field.default)
        lines.append(_row(f"`{key}`", _type_words(field.annotation), default, field.description or ""))
    parts = _PARTS.get(name)
    for word, part in parts.items() if parts is not None else ():
        said = (part.__doc__ or "").strip().splitlines()[0]
        lines += ["", f'**`{"source" if name == "pool" else "name"} = "{word}"`**: {said}']
        options = options_of(part)
        lines += ["", "| option | type | default | meaning |", "|---|---|---|---|"] if options else []
        lines += [
            _row(f"`{one.name}`", _type_words(one.type), _default(one.default), one.description) for one in options
        ]
    return "\n".join(lines) + "\n\n"


# Tables whose key `name`, or `source`, names a registered part, which has options of its own.
_PARTS: dict[str, Any] = {"pool": SOURCES, "surrogate": SURROGATES, "acquisition": ACQUISITIONS}


def _default(value: Any) -> str:
    return "" if value is None else f"`{json.dumps(value)}`"


def _type_words(annotation: Any) -> str:
    """Say a type in the words of people who write TOML."""
    words = {dict: "table", str: "text", int: "whole number", float: "number", bool: "true/false", Path: "path"}
    if annotation in words:
        return words[annotation]
    origin, inner = get_origin(annotation), [one for one in get_args(annotation) if one is not type(None)]
    if origin is Annotated:
        return _type_words(inner[0])
    if origin is Literal:
        return " or ".join(f"`{one}`" for one in inner)
    if origin in (UnionType, Union):
        return " or ".join(dict.fromkeys(_type_words(one) for one in inner))
    if origin is list:
        return f"list of {_type_words(inner[0])}"
    if origin is tuple:
        return f"[{', '.join(_type_words(one) for one in inner)}]"
    if origin is dict:
        return f"table of {_type_words(inner[1])}"
    return "table"


PAGES: dict[str, Callable[[], str]] = {
    "properties.md": properties_page,
    "protocols.md": protocols_page,
    "campaign_file.md": campaign_file_page,
    "settings.md": settings_page,
    "features.md": features_page,
}


if __name__ == "__main__":
    for page, make in PAGES.items():
        (ROOT / page).write_text(make(), encoding="utf-8")
