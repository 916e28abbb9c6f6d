"""Every `polyloop ...` line of README, docs and examples names commands and options that there are."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from polyloop.app.cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(polyloop [a-z][^`\n]*)`")


def lines_of(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    blocks = [line.strip() for block in BLOCK.findall(text) for line in block.replace("\\\n", " ").splitlines()]
    found = [line.removeprefix("$ ").removeprefix(".venv/bin/") for line in blocks]
    found = [re.sub(r"^([A-Z_]+=\S+ )+", "", line) for line in found]
    return [line for line in found if line.startswith("polyloop ")] + INLINE.findall(text)


def examples_of() -> list[tuple[str, str]]:
    named = [(path, line) for path in PAGES for line in lines_of(path)]
    for path in sorted((ROOT / "examples").glob("*.toml")):
        named += [(path, line) for line in re.findall(r"polyloop discover \S+", path.read_text())]
    return [(str(path.relative_to(ROOT)), line) for path, line in named]


def check(words: list[str]) -> None:
    """Walk down to the command, then look its options up; what follows them is not read."""
    command: Any = typer.main.get_command(app)
    rest = words[1:]
    while hasattr(command, "commands") and rest and not rest[0].startswith("-"):
        assert rest[0] in command.commands, f"there is no command {rest[0]!r}"
        command = command.commands[rest.pop(0)]
    known = {name for option in command.params if option.param_type_name == "option" for name in option.opts}
    known |= {"--help", "-h", "--debug"}
    for word in rest:
        if word in ("|", ">", "&&", ";", "||"):
            break
        if re.match(r"^--?[a-z]", word):
            assert word.partition("=")[0] in known, f"{command.name} has no option {word}"


@pytest.mark.parametrize(("page", "line"), examples_of())
def test_a_command_line_of_the_documentation_is_there(page: str, line: str) -> None:
    check(shlex.split(line.replace("...", ""), comments=True))


def test_a_command_that_is_gone_would_be_noticed() -> None:
    for line in ("polyloop export runs/demo", "polyloop store import x.csv --sotre y"):
        with pytest.raises(AssertionError, match=r"there is no command|has no option"):
            check(shlex.split(line))
