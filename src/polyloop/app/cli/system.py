"""`polyloop doctor`: what is installed, what this machine has, and how to get what is missing."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from polyloop.app.cli.console import write_json, write_table

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(doctor)


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False) -> None:
    """List engines, versions, extras, cores, memory and GPU, and the install line of each thing that is missing."""
    from polyloop.app.doctor import examine

    findings = examine()
    if as_json:
        write_json(findings)
        return
    rows = [(kind, name, found, hint) for kind, name, found, hint in _rows(findings)]
    write_table(("what", "name", "found", "to install"), rows)


def _rows(findings: dict[str, Any]) -> list[tuple[str, str, object, str]]:
    rows: list[tuple[str, str, object, str]] = []
    for part in ("engines", "packages", "extras"):
        for entry in findings[part]:
            rows.append((part.rstrip("s"), entry["name"], entry["version"] or "missing", entry["install"] or ""))
    for name, value in findings["machine"].items():
        rows.append(("machine", name, "none" if value is None else value, ""))
    return rows
