"""Pools: each polymer once, in a fixed order, from a file, the shipped table or a subset."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyloop.chem import Copolymer, Polymer
from polyloop.core import InvalidInputError
from polyloop.design import Pool


def pool_of(*smiles, **filters):
    return Pool.from_polymers(((Polymer(s), "", "test") for s in smiles), **filters)


def write(folder, text):
    path = folder / "units.csv"
    path.write_text(text)
    return path


def test_a_csv_gives_canonical_polymers_once_in_order(tmp_path):
    path = write(tmp_path, "name,smiles\na,*CC(*)C\nb,*CCO*\n\nc,*C(C)C*\n")
    pool = Pool.from_csv(path)
    assert pool.texts == (Polymer("*CC(*)C").canonical, Polymer("*CCO*").canonical)
    assert pool.keys == (Polymer("*CC(*)C").key, Polymer("*CCO*").key)
    assert pool.names == ("a", "b")
    assert pool.origins == ("units.csv, line 2", "units.csv, line 3")


def test_spreadsheets_write_a_byte_order_mark(tmp_path):
    assert len(Pool.from_csv(write(tmp_path, "\ufeffsmiles\n*CC*\n"))) == 1


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("smiles\n*CC*\nCC\n", "line 3, column smiles", "star"),
        ("smiles\n*CC*\n*C(C)(C)(C)(C)C*\n", "line 3", "valence|bonds"),
        ("smiles,n\n*CC*,1\n,2\n", "line 3", "line 3"),
        ("psmiles\n*CC*\n", "line 1", "no column 'smiles'.*psmiles"),
        ("", "units.csv", "empty"),
        ('smiles\n"*CC*\n', "units.csv", "no valid CSV"),
    ],
)
def test_a_bad_csv_names_place_and_mend(tmp_path, text, where, what):
    with pytest.raises(InvalidInputError, match=what) as caught:
        Pool.from_csv(write(tmp_path, text))
    assert "units.csv" in str(caught.value)
    assert where in str(caught.value)
    assert caught.value.hint


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path):
    with pytest.raises(InvalidInputError, match=r"none\.csv.*no such file"):
        Pool.from_csv(tmp_path / "none.csv")
    (tmp_path / "image.csv").write_bytes(b"smiles\n\xff\xfe\x00\x80")
    with pytest.raises(InvalidInputError, match=r"image\.csv.*UTF-8"):
        Pool.from_csv(tmp_path / "image.csv")


def test_bad_rows_can_be_skipped_and_are_reported(tmp_path):
    pool = Pool.from_csv(write(tmp_path, "smiles\n*CC*\nCC\n*CO*\n*C(\n"), skip_bad=True)
    assert len(pool) == 2
    assert [(row.line, row.smiles, row.why) for row in pool.left_out] == [
        (3, "CC", "unreadable"),
        (5, "*C(", "unreadable"),
    ]
    assert all(row.reason for row in pool.left_out)
    assert pool.describe()["left_out"] == {"unreadable": 2}


def test_all_bad_rows_are_named_at_once_and_no_more_than_can_be_read(tmp_path):
    bad = "".join(f"{'C' * count}\n" for count in range(1, 31))
    with pytest.raises(InvalidInputError, match="30 of 31 rows cannot be used") as caught:
        Pool.from_csv(write(tmp_path, f"smiles\n*CC*\n{bad}"))
    assert "line 3, column smiles" in str(caught.value)
    assert "line 22, column smiles" in str(caught.value)
    assert "and 10 more" in str(caught.value)
    assert "line 23" not in str(caught.value)
    assert "skip_bad" in caught.value.hint


def test_a_file_without_a_single_repeat_unit_is_no_pool_even_when_bad_rows_are_skipped(tmp_path):
    with pytest.raises(InvalidInputError, match="None of its 2 rows"):
        Pool.from_csv(write(tmp_path, "smiles\nCC\nC\n"), skip_bad=True)


def test_duplicates_and_what_filters_refuse_are_named(tmp_path):
    path = write(tmp_path, "smiles\n*CC(*)C\n*CC(*)Cl\n*C(C)C*\n")
    pool = Pool.from_csv(path, elements=("C",))
    assert [(row.line, row.why) for row in pool.left_out] == [(3, "filtered"), (4, "duplicate")]
    assert "line 2" in pool.left_out[1].reason


def test_the_other_columns_and_the_own_spelling_stay(tmp_path):
    path = write(tmp_path, "id;smiles;price [EUR/kg];supplier\n1;[*]CC([*])C;1,20;A & B\n2;*CCO*;;\n")
    pool = Pool.from_csv(path)
    assert pool.spellings == ("[*]CC([*])C", "*CCO*")
    assert pool.extras == {"id": ("1", "2"), "price [EUR/kg]": ("1,20", ""), "supplier": ("A & B", "")}
    part = pool.subset([1])
    assert (part.spellings, part.extras["id"]) == (("*CCO*",), ("2",))
    part.save(tmp_path / "pool.json")
    assert Pool.load(tmp_path / "pool.json") == part


def test_filters_keep_what_they_say():
    units = ("*CC*", "*CC(*)c1ccccc1", "*CC(*)Cl", "*CC(*)(C)C(=O)OC", "*O[Si](*)(C)C")
    assert len(pool_of(*units, elements=("C", "O"))) == 3
    assert len(pool_of("*CC*", "*CCCC*", heavy_atoms=(1, 1))) == 1, "the size is that of the shortest repeat unit"
    assert pool_of(*units, heavy_atoms=(3, 7)).texts == pool_of(*units[2:]).texts
    assert pool_of(*units, classes=("polystyrenes",)).texts == pool_of(units[1]).texts
    assert len(pool_of(*units, elements=("C",), heavy_atoms=(9, 20))) == 0


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"elements": ("C", "Xx")}, "'Xx' is no element"),
        ({"heavy_atoms": (9, 3)}, "no range"),
        ({"heavy_atoms": (0, 3)}, "no range"),
        ({"classes": ("polyestres",)}, "Did you mean 'polyesters'"),
    ],
)
def test_a_wrong_filter_is_refused(filters, words):
    with pytest.raises(InvalidInputError, match=words):
        pool_of("*CC*", **filters)


def test_the_shipped_homopolymers_are_a_pool():
    pool = Pool.from_homopolymers()
    assert len(pool) >= 250
    assert len(set(pool.keys)) == len(pool)
    assert Polymer("*CC(*)c1ccccc1").key in pool.keys
    assert all(pool.names)


def test_a_pool_describes_itself():
    told = pool_of("*CC*", "*CC(*)c1ccccc1", "*CC(*)(F)F").describe()
    assert told["size"] == 3
    assert told["aromatic"] == 1
    assert told["with_element"] == {"C": 3, "F": 1}
    assert sum(told["classes"].values()) == 3
    assert told["origins"] == {"test": 3}


def test_a_pool_of_another_kind_describes_itself():
    texts = [Copolymer.parse(text) for text in ("random: 0.5 *CC* + 0.5 *CO*", "block: 0.5 *CC* + 0.5 *CO*")]
    subjects = [one.subject for one in texts]
    pool = Pool(
        tuple(one.text for one in subjects), tuple(one.key for one in subjects), ("", ""), ("test", "test"),
        kind="copolymer",
    )  # fmt: skip
    told = pool.describe()
    assert told["size"] == 2
    assert sum(told["classes"].values()) == 2
    assert "heavy_atoms" not in told


def test_an_empty_pool_describes_itself():
    assert pool_of().describe()["size"] == 0


UNITS = pool_of("*CC*", "*CO*", "*CC(*)C", "*CC(*)F", "*CC(*)Cl")


@given(st.lists(st.integers(0, 4), unique=True))
def test_a_subset_holds_the_chosen_in_order(indices):
    part = UNITS.subset(indices)
    assert part.texts == tuple(UNITS.texts[i] for i in indices)
    assert part.keys == tuple(Polymer(s).key for s in part.texts)


def test_a_subset_may_be_a_mask():
    assert UNITS.subset(np.array([True, False, False, True, False])).texts == UNITS.subset([0, 3]).texts


def test_a_subset_with_repeats_is_refused():
    with pytest.raises(InvalidInputError, match="twice"):
        UNITS.subset([1, 1])


def test_a_pool_survives_saving(tmp_path):
    UNITS.save(tmp_path / "pool.json")
    assert Pool.load(tmp_path / "pool.json") == UNITS


@pytest.mark.parametrize("content", ["{", "[]", '{"smiles": ["*CC*"]}'])
def test_a_file_that_holds_no_pool_is_named(tmp_path, content):
    (tmp_path / "pool.json").write_text(content)
    with pytest.raises(InvalidInputError, match=r"pool\.json"):
        Pool.load(tmp_path / "pool.json")
