"""The pages of the reference that are made from tables: `python -m tests.docs.reference_pages` writes them anew."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from polyloop.core import PROPERTIES
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
                lines += [f"- **Cost**: {protocol.cost}.", f"- **Conditions**: {_conditions(protocol.any_conditions)}."]
                if protocol.goes_on_from:
                    lines.append(f"- **Goes on from**: {', '.join(f'`{name}`' for name in protocol.goes_on_from)}.")
                if protocol.on_request:
                    lines.append("- *On request.*")
                lines += [f"- **Yields**: {', '.join(f'`{name}`' for name in protocol.properties)}.", ""]
    return "\n".join(lines).rstrip() + "\n"


def _conditions(is_free: bool) -> str:
    return "any temperature and pressure" if is_free else "298.15 K and 1 atm"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _linked(reference: str) -> str:
    """Turn each DOI into a link."""
    parts = []
    for part in reference.split("; "):
        doi, _, rest = part.removeprefix("doi:").partition(" ")
        parts.append(f"[{doi}](https://doi.org/{doi}){' ' * bool(rest)}{rest}" if part.startswith("doi:") else part)
    return "; ".join(parts)


PAGES: dict[str, Callable[[], str]] = {"properties.md": properties_page, "protocols.md": protocols_page}


if __name__ == "__main__":
    for page, make in PAGES.items():
        (ROOT / page).write_text(make(), encoding="utf-8")
