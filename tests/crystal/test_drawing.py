"""Drawn cells: atoms on faces, bonds between unlike neighbours, and where pictures are shown."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from polyloop.campaign import Candidate
from polyloop.core import KINDS, Conditions, Provenance, Record, Request, Status, Subject
from polyloop.crystal.structures.canonical import read_text
from polyloop.crystal.structures.drawing import crystal_svg
from polyloop.crystal.structures.structure import CrystalStructure
from polyloop.crystal.structures.symmetry import primitive
from polyloop.crystal.symmetry_generation.wyckoff import space_group
from polyloop.report.page import _relaxed_crystal

pytest.importorskip("moyopy")

# Of O in the garnet, in fractions of the cell.
OXYGEN = np.array([-0.030, 0.051, 0.149])
SALT = "3.988 3.988 3.988 60 60 60 | Na 0 0 0; Cl 0.5 0.5 0.5"


def test_the_cube_of_rock_salt_has_27_atoms_54_bonds_and_12_edges() -> None:
    """14 of one element and 13 of the other with those on faces; each of 54 contacts is drawn in two halves."""
    svg = crystal_svg(read_text(SALT))
    tree = ElementTree.fromstring(svg)
    balls = [one for one in tree.iter() if one.tag.endswith("circle") and "url" in one.get("fill", "")]
    assert len(balls) == 27
    assert len([one for one in tree.iter() if one.tag.endswith("line")]) == 12 + 2 * 54
    assert sorted(one.text for one in tree.iter() if one.tag.endswith("text")) == ["Cl", "Na"]


def test_everything_drawn_is_inside_the_picture() -> None:
    for text in (SALT, "9 3 3 90 90 90 | Fe 0 0 0; O 0.5 0.5 0.5", "3 3 9 80 95 120 | Ti 0.2 0.1 0.3; O 0.7 0.6 0.8"):
        svg = crystal_svg(read_text(text))
        width, height = map(float, re.search(r'viewBox="0 0 (\d+) (\d+)"', svg).groups())
        for x, y, radius in re.findall(r'cx="([\d.-]+)" cy="([\d.-]+)" r="([\d.]+)" fill', svg):
            assert float(radius) <= float(x) <= width - float(radius)
            assert float(radius) <= float(y) <= height - float(radius)


def test_the_kind_draws_so_that_reports_and_notebooks_show_the_cell() -> None:
    drawing = KINDS["crystal"].draw(SALT)
    assert drawing.svg.startswith("<svg") and drawing.width == 300
    assert read_text(SALT).subject._repr_html_().count("<svg") == 1


def test_a_cell_of_too_many_atoms_is_drawn_as_its_primitive_one() -> None:
    """Garnet Y3Al5O12, Ia-3d, a = 12.01 angstrom: 160 atoms, 80 in the primitive cell."""
    letters = {"Al": ("a", "d"), "Y": ("c",), "O": ("h",)}
    positions = space_group(230).positions
    sites = [(symbol, positions[letter].orbit(OXYGEN)) for symbol, of in letters.items() for letter in of]
    symbols = tuple(symbol for symbol, orbit in sites for _ in orbit)
    garnet = CrystalStructure(np.eye(3) * 12.01, np.concatenate([orbit for _, orbit in sites]), symbols)
    assert len(garnet) == 160
    assert crystal_svg(primitive(garnet)).count("url(#") < 160


def test_a_report_shows_the_crystal_that_a_composition_was_relaxed_to() -> None:
    request = Request(Subject("composition", "NaCl"), "crystal/composition_relax@1", 0, Conditions())
    record = Record.of_value(
        request, "formation_energy", -2.1, std=0.02, provenance=Provenance(settings={"relaxed": SALT})
    )
    common = {"cycle": 0, "rank": 0, "subject": request.subject, "acquisition": None, "predicted": {},
              "status": Status.DONE}  # fmt: skip
    candidate = Candidate(records={"formation_energy": record}, **common)
    shown = _relaxed_crystal(candidate)
    assert "<svg" in shown["drawing"] and not shown["is_wide"]
    plain = Record.of_value(request, "formation_energy", -2.1, std=0.02)
    assert _relaxed_crystal(Candidate(records={"formation_energy": plain}, **common)) == {}
