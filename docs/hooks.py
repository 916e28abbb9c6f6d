"""Pages that mkdocs makes when it builds: the API from docstrings, executed notebooks, the guide to extending."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
# Packages of the API in the order of the navigation, and what each is for.
PACKAGES = {
    "polyloop": "What a script needs most.",
    "polyloop.campaign": "Campaigns from a file or from Python: run, ask and tell, status, report.",
    "polyloop.core": "Subjects, conditions, properties, requests, records, errors, and the registry of parts.",
    "polyloop.chem": "Polymers, copolymers, molecules, chains, force field and file formats.",
    "polyloop.simulate": "From a subject to a property with its error bar.",
    "polyloop.simulate.cells": "Amorphous cells.",
    "polyloop.simulate.charges": "Partial charges.",
    "polyloop.features": "Descriptors.",
    "polyloop.learn": "Surrogates, calibration, extrapolation.",
    "polyloop.design": "Pools, objectives, acquisition.",
    "polyloop.design.space": "Spaces of variables: processes and mixtures.",
    "polyloop.evaluation": "Who answers a request.",
    "polyloop.tables": "People's tables.",
    "polyloop.store": "The results database.",
    "polyloop.run": "Where and when work runs.",
    "polyloop.datasets": "Public tables.",
}
_IMAGE = "data:image/png;base64,"


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made."""
    for package, words in PACKAGES.items():
        text = f"# {package}\n\n{words}\n\n::: {package}\n"
        files.append(File.generated(config, f"api/{package}.md", content=text))
    for path in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=page_of_notebook(path)))
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text[text.index("## What must change") :].replace("## What must change for something new", "# Extending")
    # Links of the repository lead nowhere in the site.
    table = re.sub(r"\[(`?[^\]]+)\]\((?!http)[^)]+\)", r"\1", table)
    files.append(File.generated(config, "extending.md", content=table))
    return files


def page_of_notebook(path: Path) -> str:
    """Return a notebook as Markdown: its text, its code, and what each cell showed."""
    parts = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
            continue
        parts.append(f"```python\n{source}\n```")
        parts += [_shown(output) for output in cell["outputs"]]
    name = f"docs/notebooks/{path.name}"
    parts.append(f"*This page is the notebook `{name}` of the repository, as it was run.*")
    return "\n\n".join(parts) + "\n"


def _shown(output: dict[str, Any]) -> str:
    data = output.get("data", {})
    if "image/png" in data:
        picture = "".join(data["image/png"]).replace("\n", "")
        return f'<img alt="What the cell drew" src="{_IMAGE}{picture}">'
    if "text/html" in data:
        return f'<div class="notebook-table">{"".join(data["text/html"])}</div>'
    text = "".join(output.get("text", data.get("text/plain", "")))
    return f"```text\n{text.rstrip()}\n```"
