"""The pages of properties and protocols say what the tables say."""

import pytest

from polyloop.core import PROPERTIES
from polyloop.features import BLOCKS
from polyloop.features.block import get_block
from polyloop.simulate import PROTOCOLS
from tests.docs.reference_pages import PAGES, ROOT


@pytest.mark.parametrize("page", PAGES)
def test_a_page_made_from_a_table_is_in_step_with_it(page):
    written = (ROOT / page).read_text(encoding="utf-8")
    assert written == PAGES[page](), "Write it anew: python -m tests.docs.reference_pages"


def test_every_property_has_its_row_with_unit_and_range():
    lines = (ROOT / "properties.md").read_text(encoding="utf-8").splitlines()
    for row in PROPERTIES.values():
        line = next(line for line in lines if line.startswith(f"| `{row.name}` |"))
        assert f"| {row.unit} | {row.low:g} to {row.high:g} | {row.definition} |" in line


def test_every_protocol_has_its_heading():
    text = (ROOT / "protocols.md").read_text(encoding="utf-8")
    for label, protocol in PROTOCOLS.items():
        assert f"### {label}\n\n{protocol.description}\n" in text


def test_every_block_of_descriptors_has_its_row():
    lines = (ROOT / "features.md").read_text(encoding="utf-8").splitlines()
    for name in BLOCKS:
        line = next(line for line in lines if line.startswith(f"| `{name}` |"))
        assert f"| {len(get_block(name).names()):,} | `{get_block(name).kind}` |" in line
