"""What objects look like in a notebook: small tables and pictures as HTML, escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from polyloop.core.text import visible

__all__ = ["figure", "table"]

_CELL = "text-align:left;padding:2px 10px;vertical-align:top"


def table(header: Sequence[str], rows: Iterable[Sequence[object]], caption: str = "") -> str:
    """Return a table; every cell is escaped."""
    head = "".join(f'<th style="{_CELL}">{_text(name)}</th>' for name in header)
    body = "".join(
        f"<tr>{''.join(f'<td style={_quoted(_CELL)}>{_text(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    title = f'<caption style="text-align:left">{_text(caption)}</caption>' if caption else ""
    return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def figure(svg: str, caption: str, width: int) -> str:
    """Return a drawing with words under it; the drawing is ours and not escaped."""
    picture = f'<div style="max-width:{width}px">{svg}</div>' if svg else ""
    return f'<figure style="margin:4px">{picture}<figcaption><code>{_text(caption)}</code></figcaption></figure>'


def _quoted(style: str) -> str:
    return f'"{style}"'


def _text(value: object) -> str:
    if value is None:
        return ""
    return escape(visible(f"{value:.5g}" if isinstance(value, float) else str(value)))
