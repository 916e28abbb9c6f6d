"""A source that writes its candidates: new ones each time, near the best, the same for a seed."""

from __future__ import annotations

import numpy as np
import pytest

from polyloop.chem import Polymer
from polyloop.chem.library import homopolymers
from polyloop.core import InvalidInputError
from polyloop.design import Objective
from polyloop.design.language import LanguageSource, NgramGenerator
from polyloop.design.sources import CandidateSource, Observations
from polyloop.learn import make_surrogate


@pytest.fixture(scope="module")
def source() -> LanguageSource:
    model = NgramGenerator.train([row.smiles for row in homopolymers()][::4], lengths=False)
    return LanguageSource(model, blocks=("ecfp",), size=30, parents=3, time_limit=None)


def oxygen(texts: tuple[str, ...]) -> np.ndarray:
    """Share of oxygen among heavy atoms, as if it were a refractive index."""
    mols = [Polymer(text).mol for text in texts]
    return np.array([1.3 + 0.5 * sum(a.GetSymbol() == "O" for a in m.GetAtoms()) / m.GetNumAtoms() for m in mols])


def test_it_is_a_source_of_candidates_that_tells_what_it_is(source: LanguageSource) -> None:
    assert isinstance(source, CandidateSource)
    assert source.describe()["generator"] == "ngram"
    assert source.knows("*C*") and not source.knows("*CC*") and not source.knows("CC")
    with pytest.raises(InvalidInputError, match="at least 1"):
        LanguageSource(source.generator, size=0)


def test_batches_are_new_and_the_same_for_a_seed_and_go_where_the_values_are(source: LanguageSource) -> None:
    objective = Objective("refractive_index", "maximize")
    first = source.initial(12, rng=np.random.default_rng(0))
    assert len(set(first)) == 12
    seen = Observations(first, oxygen(first)[:, None])

    def asked() -> tuple[str, ...]:
        model = make_surrogate().fit(source.encode(seen.texts), seen.values[:, 0])
        return source.propose(
            [model], seen, [objective], batch=4, rng=np.random.default_rng(1), reference_point=[1.3],
            exclude=("*C(C)O*",), acquisition="ei",
        ).texts  # fmt: skip

    picked = asked()
    assert picked == asked()
    assert len(set(picked)) == 4 and not set(picked) & {*first, "*C(C)O*"}
    assert oxygen(picked).mean() > oxygen(first).mean()
