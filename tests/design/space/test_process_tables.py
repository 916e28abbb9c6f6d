"""Public tables of reactions as spaces: every experiment of a table is a point, and a full factorial is the space."""

import numpy as np
import pandas as pd
import pytest

from polyloop import datasets
from polyloop.core import InvalidInputError
from polyloop.design.space import Molecular, Ordinal, Space


@pytest.mark.reference
@pytest.mark.parametrize(
    # Rows and whether all combinations were made, as published: Shields et al. (2021), doi:10.1038/s41586-021-03213-y.
    ("file", "rows", "is_complete"),
    [("direct_arylation", 1728, True), ("suzuki", 3696, True), ("aryl_amination", 3955, False)],
)
def test_a_table_of_reactions_is_a_space_of_molecules(file, rows, is_complete):
    try:
        path = datasets.path("process_tables", f"edbo/{file}.csv.gz")
    except InvalidInputError as error:
        pytest.skip(str(error))
    table = pd.read_csv(path).drop(columns=["entry", "yield"])
    variables = [
        Ordinal(name, tuple(sorted(table[name].unique().tolist())))
        if table[name].dtype.kind in "if"
        else Molecular(name, table[name].unique().tolist())
        for name in table.columns
    ]
    space = Space(variables)
    texts = {space.canonical(point) for point in table.to_dict("records")}
    assert len(texts) == rows
    assert (space.n_combinations == rows) is is_complete
    blocks = space.encode(table)
    assert all(np.isfinite(block.values).all() for block in blocks.values())
    assert set(blocks) == set(table.columns)
