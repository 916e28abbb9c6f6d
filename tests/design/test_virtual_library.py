"""The virtual library: known polymerisations come out, networks do not, and the order is the seed's."""

import contextlib
import io
import warnings

import numpy as np
import pandas as pd
import pytest
from rdkit import rdBase

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError
from polyloop.design import Pool
from polyloop.design.virtual_library import polymerize

MONOMERS = (
    "C=Cc1ccccc1", "C=C(C)C(=O)OC", "C=CC#N", "C1=CC2CCC1C2", "C1CO1", "O=C1CCCCCN1", "O=C1CCCCCO1",
    "OC(=O)c1ccc(cc1)C(=O)O", "OCCO", "NCCCCCCN", "OC(=O)CCCCC(=O)O", "O=C=NCCCCCCN=C=O", "O=C=Nc1ccc(C)c(N=C=O)c1",
    "O=C1OC(=O)c2cc3C(=O)OC(=O)c3cc12", "Nc1ccc(Oc2ccc(N)cc2)cc1", "CC(C)(c1ccc(O)cc1)c1ccc(O)cc1",
    "O=S(=O)(c1ccc(Cl)cc1)c1ccc(Cl)cc1", "OCC(O)CO", "C=Cc1ccc(C=C)cc1", "CCO", "OC(=O)C(C)O",
    "C1OC1COc1ccc(cc1)C(C)(C)c1ccc(OCC2CO2)cc1",
)  # fmt: skip


def library(monomers, **settings):
    return Pool.from_virtual_library(**{"size": None, "monomers": monomers, **settings})


@pytest.mark.parametrize(
    ("monomers", "repeat_unit"),
    [
        (["C=Cc1ccccc1"], "*CC(*)c1ccccc1"),
        (["O=C1CCCCCN1"], "*NCCCCCC(*)=O"),
        (["C1CO1"], "*CCO*"),
        (["OC(=O)c1ccc(cc1)C(=O)O", "OCCO"], "*OCCOC(=O)c1ccc(cc1)C(*)=O"),
        (["NCCCCCCN", "OC(=O)CCCCC(=O)O"], "*NCCCCCCNC(=O)CCCCC(*)=O"),
        (["O=C=NCCCCCCN=C=O", "OCCO"], "*OCCOC(=O)NCCCCCCNC(*)=O"),
        (["CC(C)(c1ccc(O)cc1)c1ccc(O)cc1"], "*Oc1ccc(cc1)C(C)(C)c1ccc(OC(*)=O)cc1"),
        (
            ["O=C1OC(=O)c2cc3C(=O)OC(=O)c3cc12", "Nc1ccc(Oc2ccc(N)cc2)cc1"],
            "*c1ccc(Oc2ccc(cc2)N2C(=O)c3cc4C(=O)N(*)C(=O)c4cc3C2=O)cc1",
        ),
        (
            ["O=S(=O)(c1ccc(Cl)cc1)c1ccc(Cl)cc1", "CC(C)(c1ccc(O)cc1)c1ccc(O)cc1"],
            "*Oc1ccc(cc1)C(C)(C)c1ccc(Oc2ccc(cc2)S(=O)(=O)c2ccc(*)cc2)cc1",
        ),
    ],
    ids=["PS", "PA6", "PEO", "PET", "PA66", "PUR", "PC", "PMDA-ODA", "PSU"],
)
def test_known_polymers_come_out_of_their_monomers(monomers, repeat_unit):
    assert Polymer(repeat_unit).key in library(monomers).keys


@pytest.mark.parametrize("monomers", [["C=Cc1ccc(C=C)cc1"], ["OCC(O)CO", "OC(=O)CCCCC(=O)O"], ["CCO"]])
def test_networks_and_what_cannot_polymerise_are_left_out(monomers):
    assert len(library(monomers)) == 0


def test_it_agrees_with_the_package_on_linear_repeat_units():
    """The package's own pipeline, on the same monomers, kept to repeat units with two stars."""
    from smipoly.smip import monc, polg

    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), rdBase.BlockLogs():
        warnings.simplefilter("ignore")
        classified = monc.moncls(pd.DataFrame({"smiles": MONOMERS}), "smiles")
        made = polg.biplym(classified, targ=["all"])
    theirs = {Polymer(smiles).key for smiles in made.polym if smiles.count("*") == 2}
    assert theirs
    assert set(library(MONOMERS).keys) == theirs


def test_the_same_seed_gives_the_same_pool_whatever_the_order_of_monomers():
    first = library(MONOMERS, size=30, seed=3)
    assert first.texts == library(MONOMERS[::-1], size=30, seed=3).texts
    assert first.texts != library(MONOMERS, size=30, seed=4).texts
    assert len(first) == len(set(first.keys)) == 30


def test_a_balanced_library_takes_turns_over_the_rules_classes():
    origins = library(MONOMERS, size=14).describe()["origins"]
    assert len(origins) == 7, "all seven classes of the package"
    assert max(origins.values()) <= 2 * min(origins.values()) + 1


def test_filters_apply_and_a_size_out_of_reach_is_refused():
    pool = library(MONOMERS, elements=("C", "O"), heavy_atoms=(1, 15))
    assert all("N" not in smiles and "S" not in smiles for smiles in pool.texts)
    assert pool.describe()["heavy_atoms"]["most"] <= 15
    with pytest.raises(InvalidInputError, match=f"only {len(pool)} polymers"):
        library(MONOMERS, size=10_000, elements=("C", "O"), heavy_atoms=(1, 15))


def test_a_cached_library_is_read_back(tmp_path, monkeypatch):
    first = library(MONOMERS, size=20, cache=tmp_path)
    monkeypatch.setattr("polyloop.design.pool.polymerize", lambda *_, **__: pytest.fail("made again"))
    assert library(MONOMERS, size=20, cache=tmp_path) == first


def test_a_monomer_that_cannot_be_read_is_named():
    with rdBase.BlockLogs(), pytest.raises(InvalidInputError, match="'C1CC' at index 1"):
        library(["CC", "C1CC"])


def test_the_shipped_monomers_make_polymers_of_all_seven_classes():
    pool = Pool.from_virtual_library(size=150, seed=0)
    assert len(pool) == 150
    assert len(pool.describe()["origins"]) == 7


def test_nothing_is_made_when_nothing_is_asked_for():
    made = polymerize([], rng=np.random.default_rng(0), size=0, balanced=True, accept=lambda polymer: True)
    assert list(made) == []
