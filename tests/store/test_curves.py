"""Curves in the store: with their axis and origin, never overwritten, and out again as the table they came from."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from sqlalchemy import update

from polyloop.app.cli.main import main
from polyloop.chem import Polymer
from polyloop.core import Axis, Conditions, Curve, InvalidInputError, Provenance, Request, StoreError
from polyloop.store import Store
from polyloop.store.schema import curves as table_of_curves

AXIS = Axis("wavelength", "nm", np.array([220.0, 260.5, 300.0]))
PE, PS = Polymer("*CC*").subject, Polymer("*CC(*)c1ccccc1").subject


def curve(subject=PE, values=(1.0, 0.5, 0.0), *, seed=0, name="absorbance", axis=AXIS, std=None, **conditions) -> Curve:
    request = Request(subject, "experiment/absorbance@1", seed, Conditions(**conditions))
    return Curve(request, name, "1", axis, np.array(values), std, Provenance(settings={"source": "by hand"}))


def test_a_curve_comes_back_with_axis_error_bar_conditions_and_origin(store) -> None:
    hot = curve(std=np.array([0.1, 0.2, 0.0]), temperature=350.0)
    assert store.add_curves([curve(), hot, curve(PS)]) == (3, 0)
    assert set(store.curves("absorbance")) == {curve(), hot, curve(PS)}
    (found,) = [one for one in store.curves(subjects=[PE]) if one.std is not None]
    assert found == hot and found.request.conditions == Conditions(temperature=350.0)
    assert found.provenance.settings == {"source": "by hand"}
    assert store.curves(kind="molecule") == store.curves("transmittance") == store.curves(protocols=["other@1"]) == []
    assert store.check() == []


def test_the_same_is_known_and_another_one_is_refused_before_anything_is_kept(store) -> None:
    store.add_curves([curve()])
    assert store.add_curves([curve(), curve(seed=1)]) == (1, 1)
    with pytest.raises(StoreError, match="another absorbance for"):
        store.add_curves([curve(PS), curve(values=(1.0, 0.5, 0.1))])
    assert len(store.curves()) == 2
    with pytest.raises(InvalidInputError, match="Two curves"):
        store.add_curves([curve(PS), curve(PS)])


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=12, unique=True).map(sorted),
    st.data(),
)
def test_every_number_survives_to_the_last_bit(tmp_path_factory, points, data) -> None:
    values = data.draw(
        arrays.arrays(np.float64, len(points), elements=st.floats(allow_nan=False, allow_infinity=False))
    )
    one = curve(values=values, axis=Axis("time", "s", np.array(points)))
    with Store(tmp_path_factory.mktemp("store") / "results.db") as store:
        store.add_curves([one])
        assert store.curves() == [one]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"values": (1.0, 2.0)}, "do not fit an axis of 3 points"),
        ({"values": (1.0, np.nan, 2.0)}, "do not fit"),
        ({"std": np.array([0.1, -0.1, 0.1])}, "std of absorbance"),
        ({"name": "Absorbance!"}, "no name of a curve"),
        ({"axis": Axis("wavelength", "n" * 33, AXIS.points)}, "no unit: it has 33"),
    ],
)
def test_what_is_no_curve_is_refused(change, words) -> None:
    with pytest.raises(InvalidInputError, match=words):
        curve(**change)


def test_damage_is_found(store) -> None:
    store.add_curves([curve()])
    with store._database.write() as connection:
        connection.execute(update(table_of_curves).values(curve_values=b"\0" * 8, seed=3))
    assert [words.split(" ")[0] for words in store.check()] == ["Curve", "Curve"]


def test_tables_go_in_and_come_out_and_a_study_reads_them(tmp_path: Path, capsys) -> None:
    texts = ["C" * n for n in range(1, 12)] + ["O" + "C" * n for n in range(1, 12)]
    rows = [f"{text},{len(text)},{0.5 * len(text)},{text.count('O')}" for text in texts]
    table, url, out = tmp_path / "curves.csv", str(tmp_path / "results.db"), tmp_path / "out.csv"
    table.write_text("smiles,A220,A300,A260.5\n" + "\n".join([*rows, "CCN,1,,2", "nonsense,1,2,3", "C,9,8,7"]) + "\n")
    command = ["store", "import-curves", str(table), "--store", url, "--name", "absorbance", "--prefix", "A"]
    command += ["--axis", "wavelength", "--axis-unit", "nm", "--kind", "molecule", "--smiles-column", "smiles"]
    assert main([*command, "--json"]) == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert (told["added"], told["known"], told["points"]) == (23, 0, 3)
    assert "line 24: no value in A300" in captured.err and "line 25" in captured.err
    assert main(command) == 0
    assert "0 curves of 3 points are new" in capsys.readouterr().err
    assert main(["store", "export-curves", url, "--name", "absorbance", "-o", str(out)]) == 0
    with out.open() as stream:
        written = list(csv.DictReader(stream))
    assert {row["protocol"] for row in written} == {"experiment/absorbance@1"}
    methane = sorted(
        (row["seed"], row["wavelength_220"], row["wavelength_260.5"]) for row in written if row["molecule"] == "C"
    )
    assert methane == [("0", "1.0", "0.0"), ("1", "9.0", "7.0")]
    study = ["model", "study", "curve", "--csv", str(out), "--prefix", "wavelength_", "--kind", "molecule", "--json"]
    assert main(study) == 0
    assert json.loads(capsys.readouterr().out)["points"] == 3


def test_curves_on_several_axes_are_no_table(store, tmp_path: Path) -> None:
    store.add_curves([curve(), curve(PS, axis=Axis("wavelength", "nm", np.array([1.0, 2.0, 3.0])))])
    with pytest.raises(StoreError, match="on 2 axes"):
        store.export_curves(tmp_path / "out.csv", "absorbance")
    with pytest.raises(StoreError, match="no curve called"):
        store.export_curves(tmp_path / "out.csv", "transmittance")


def test_two_processes_that_keep_the_same_curves_agree(store, monkeypatch) -> None:
    """What another process keeps between the look and the write is found, and is the same or an error."""
    import polyloop.store.curves as module

    ours, look, late = curve(), module._known, [curve()]

    def behind(database, found):
        known = look(database, found)
        if late:
            one = late.pop()
            assert module._add(database, [one], module.classify_new(database, [one.request])) == 1
        return known

    monkeypatch.setattr(module, "_known", behind)
    assert module._add(store._database, [ours], module.classify_new(store._database, [ours.request])) == 0
    late.append(curve(PS))
    with pytest.raises(StoreError, match="another absorbance"):
        module._add(store._database, [curve(PS, (3.0, 2.0, 1.0))], module.classify_new(store._database, [ours.request]))
