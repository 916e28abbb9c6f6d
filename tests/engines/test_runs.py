"""What all engines ask of a run before it starts."""

import pytest

from polyloop.core import InvalidInputError
from polyloop.engines.dynamics.validation import effective_masses
from tests.engines.liquids import molecule


def test_heavy_hydrogens_leave_the_mass_of_the_molecule_as_it_was():
    ethanol = molecule("CCO")[0]
    masses = effective_masses(ethanol, 3.0)
    assert masses.sum() == pytest.approx(ethanol.masses.sum())
    assert set(masses[ethanol.numbers == 1]) == {3.0}
    # Methyl gives three times 3.0 - 1.008.
    assert masses[0] == pytest.approx(ethanol.masses[0] - 3 * (3.0 - ethanol.masses[-1]))
    with pytest.raises(InvalidInputError, match="without mass"):
        effective_masses(ethanol, 6.0)
