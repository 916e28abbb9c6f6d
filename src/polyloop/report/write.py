"""Write a campaign's report: one self-contained page, its pictures as PNG and its tables as CSV."""

from __future__ import annotations

import io
from pathlib import Path

from polyloop.campaign.state import CampaignState
from polyloop.chem.optical_limit import LimitLine
from polyloop.core import write_atomically
from polyloop.report.cells import find_cells
from polyloop.report.content import best_rows, optical_limit
from polyloop.report.enrichment import enrichment
from polyloop.report.page import make_page
from polyloop.report.pictures import draw_pictures
from polyloop.report.selection import select
from polyloop.report.tables import make_tables

__all__ = ["write_report"]

# What an earlier report may have and this one not: a retry can mend every failure, and scratch folders are emptied.
_MAY_VANISH = ("failures.png", "cell_*.png")


def write_report(
    state: CampaignState, folder: Path, *, status: str = "", reason: str = "", limit: LimitLine | None = None
) -> Path:
    """Write `index.html`, PNGs and CSVs of a campaign into `folder` and return the page's path.

    Parameters
    ----------
    state
        The campaign as its store knows it; it may be empty, running or finished.
    status
        A word on where it stands, for the page's head.
    reason
        Why it finished, in the words of `CampaignStatus`.
    limit
        Another line between refractive index and Abbe number than that of the campaign file or the shipped table.

    Raises
    ------
    ConfigurationError
        If the campaign file gives half a limit line.
    OSError
        If the folder cannot be written. Each file is written whole or not at all.
    """
    line = optical_limit(state, limit)
    selection = select(state, line)
    compared = [state.candidates[row].subject for row in selection.rows]
    # Of a point count both what was chosen, and the structure that it is.
    enriched = enrichment([(one, state.structure(one.text)) for one in compared], selection.selected.tolist())
    pictures, files = [], make_tables(state, line, enriched)
    for picture in draw_pictures(state, line):
        stream = io.BytesIO()
        picture.figure.savefig(stream, format="png", dpi=150)
        files[f"{picture.name}.png"] = stream.getvalue()
        pictures.append((picture, stream.getvalue()))
    cells = find_cells(state, best_rows(state)[0])
    files |= {f"{cell.name}.png": cell.data for cell in cells}
    page = make_page(state, line, selection, enriched, pictures, cells, sorted(files), status, reason)
    for name, data in files.items():
        write_atomically(folder / name, data)
    for pattern in _MAY_VANISH:
        for path in folder.glob(pattern):
            if path.name not in files:
                path.unlink(missing_ok=True)
    write_atomically(folder / "index.html", page)
    return folder / "index.html"
