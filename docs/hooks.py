"""Pages that mkdocs makes when it builds: the API from docstrings, executed notebooks, the guide to extending."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
# Packages of the API, whose docstrings say what they are for.
PACKAGES = (
    "polyloop",
    "polyloop.campaign",
    "polyloop.core",
    "polyloop.chem",
    "polyloop.chem.polymerisation",
    "polyloop.simulate",
    "polyloop.simulate.cells",
    "polyloop.simulate.charges",
    "polyloop.features",
    "polyloop.learn",
    "polyloop.learn.transfer",
    "polyloop.learn.functional",
    "polyloop.learn.allocation",
    "polyloop.learn.validation",
    "polyloop.learn.studies",
    "polyloop.design",
    "polyloop.design.library",
    "polyloop.design.enumeration",
    "polyloop.design.inverse",
    "polyloop.design.language",
    "polyloop.design.space",
    "polyloop.crystal.composition",
    "polyloop.crystal.formation_energy",
    "polyloop.crystal.generation",
    "polyloop.crystal.structures.structure",
    "polyloop.crystal.substitution.predict",
    "polyloop.crystal.relaxation.formation",
    "polyloop.crystal.hull",
    "polyloop.crystal.design",
    "polyloop.process.reactivity.lookup",
    "polyloop.process.kinetics.composition",
    "polyloop.process.kinetics.reactors",
    "polyloop.evaluation",
    "polyloop.tables",
    "polyloop.store",
    "polyloop.run",
    "polyloop.datasets",
)
# pandas sets borders of its own, in place of those of the site.
_STYLE = re.compile(r"<style scoped>.*?</style>\s*", re.DOTALL)
_IMAGE = "data:image/png;base64,"


def on_config(config: Any) -> Any:
    """List the pages of the API in the navigation."""
    for entry in config["nav"]:
        if "API" in entry:
            entry["API"] = [f"api/{package}.md" for package in PACKAGES]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that are made."""
    for package in PACKAGES:
        text = f"# {package}\n\n::: {package}\n"
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
        table = _STYLE.sub("", "".join(data["text/html"])).replace(' border="1" class="dataframe"', "")
        return table.strip()
    text = "".join(output.get("text", data.get("text/plain", "")))
    return f"```text\n{text.rstrip()}\n```"
