"""Progress of a campaign on stderr: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from polyloop.app.cli.console import message, with_unit
from polyloop.core import get_property
from polyloop.core.text import visible, without_passwords

if TYPE_CHECKING:
    from polyloop.campaign import Progress

__all__ = ["show_progress"]

_STAGES = {
    "pool": "reading the candidates",
    "screening": "screening the candidates",
    "features": "describing the candidates",
    "propose": "choosing candidates",
    "evaluate": "evaluating candidates",
    "suggest": "choosing what one more cycle would evaluate",
    "report": "writing the report",
}
_STEPS = {"fit": "fitting models", "acquire": "picking"}


@contextmanager
def show_progress(*, quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Give a callback for `Campaign.run`, or None when `quiet`."""
    if quiet:
        yield None
    elif not sys.stderr.isatty():
        yield _plain_lines()
    else:
        from rich.console import Console
        from rich.status import Status

        with Status("starting", console=Console(stderr=True)) as live:

            def show(event: Progress) -> None:
                if event.note:
                    live.console.print(visible(without_passwords(event.note)), markup=False, highlight=False)
                else:
                    live.update(_line(event))

            yield show


def _plain_lines() -> Callable[[Progress], None]:
    """Return a callback that writes a line per stage and part of one, and per tenth of a batch."""
    last: list[tuple[object, ...]] = []

    def show(event: Progress) -> None:
        if event.note:
            message(event.note)
            return
        tenth = 0 if event.step else 10 * event.done // max(event.total, 1)
        mark = (event.stage, event.step, event.cycle, tenth)
        if mark not in last[-1:]:
            last[:] = [mark]
            message(_line(event))

    return show


def _line(event: Progress) -> str:
    stage, step = _STAGES.get(event.stage, event.stage), _STEPS.get(event.step, event.step)
    parts = [f"cycle {event.cycle}/{event.cycles}: {stage}{f', {step}' if step else ''}"]
    if event.total:
        parts.append(f"{event.done}/{event.total}")
    if event.failed:
        parts.append(f"{event.failed} failed")
    # At least nothing is no news.
    if event.eta_s is not None and not (event.eta_is_least and event.eta_s < 1):
        parts.append(f"{'at least ' if event.eta_is_least else ''}{_duration(event.eta_s)} to go")
    if event.best:
        parts.append(
            "best "
            + ", ".join(f"{get_property(name).words} {with_unit(name, value)}" for name, value in event.best.items())
        )
    return "  ".join(parts)


def _duration(seconds: float) -> str:
    minutes, hours = int(seconds // 60) % 60, int(seconds // 3600)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min" if minutes else f"{int(seconds)} s"
