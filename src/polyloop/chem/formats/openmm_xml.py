"""OpenMM's serialised System, as text: no OpenMM is needed to write it, and any OpenMM reads it."""

from __future__ import annotations

import numpy as np

from polyloop.chem.formats.rows import rows
from polyloop.chem.topology import Cell, Topology
from polyloop.core.constants import CALORIE

__all__ = ["openmm_system"]

_NM = 0.1
_CUTOFF = 1.0  # nm


def openmm_system(cell: Cell) -> str:
    """Return the System: particle-mesh Ewald, Lennard-Jones cut at 1 nm (or half the box) with tail correction.

    No bond is rigid. Positions are not part of an OpenMM System; write them as PDB or XYZ.
    """
    topology = cell.topology
    x, y, z = (cell.box * _NM).tolist()
    return f"""<?xml version="1.0" ?>
<System openmmVersion="8.0" type="System" version="1">
<PeriodicBoxVectors>
<A x="{x!r}" y="0" z="0"/>
<B x="0" y="{y!r}" z="0"/>
<C x="0" y="0" z="{z!r}"/>
</PeriodicBoxVectors>
<Particles>
{rows('<Particle mass="%r"/>', topology.masses)}</Particles>
<Constraints/>
<Forces>
{_bonded(topology)}{_nonbonded(topology, min(_CUTOFF, x / 2, y / 2, z / 2))}<Force forceGroup="0" frequency="1" \
name="CMMotionRemover" type="CMMotionRemover" version="1"/>
</Forces>
</System>
"""


def _bonded(topology: Topology) -> str:
    bonds = rows(
        '<Bond p1="%d" p2="%d" d="%r" k="%r"/>',
        topology.bonds, topology.bond_r0 * _NM, 2 * topology.bond_k * CALORIE / _NM**2,
    )  # fmt: skip
    angles = rows(
        '<Angle p1="%d" p2="%d" p3="%d" a="%r" k="%r"/>',
        topology.angles, np.radians(topology.angle_theta0), 2 * topology.angle_k * CALORIE,
    )  # fmt: skip
    torsion = '<Torsion p1="%d" p2="%d" p3="%d" p4="%d" periodicity="%d" phase="%r" k="%r"/>'
    proper = rows(
        torsion, topology.dihedrals[topology.term_dihedral],
        topology.term_n, np.radians(topology.term_phase), topology.term_k * CALORIE,
    )  # fmt: skip
    improper = rows(
        torsion, topology.impropers,
        topology.improper_n, np.where(topology.improper_sign > 0, 0.0, np.pi), topology.improper_k * CALORIE,
    )  # fmt: skip
    return (
        _force("HarmonicBondForce", f"<Bonds>\n{bonds}</Bonds>\n")
        + _force("HarmonicAngleForce", f"<Angles>\n{angles}</Angles>\n")
        + _force("PeriodicTorsionForce", f"<Torsions>\n{proper}</Torsions>\n", name="ProperTorsions")
        + _force("PeriodicTorsionForce", f"<Torsions>\n{improper}</Torsions>\n", name="ImproperTorsions")
    )


def _force(kind: str, body: str, *, name: str = "") -> str:
    return f'<Force forceGroup="0" name="{name or kind}" type="{kind}" usesPeriodic="0" version="2">\n{body}</Force>\n'


def _nonbonded(topology: Topology, cutoff: float) -> str:
    particles = rows(
        '<Particle eps="%r" q="%r" sig="%r"/>', topology.epsilon * CALORIE, topology.charges, topology.sigma * _NM
    )
    i, j = topology.pairs_14.T
    excluded = rows('<Exception p1="%d" p2="%d" eps="0" q="0" sig="0.1"/>', topology.excluded)
    scaled = rows(
        '<Exception p1="%d" p2="%d" eps="%r" q="%r" sig="%r"/>',
        topology.pairs_14,
        np.sqrt(topology.epsilon[i] * topology.epsilon[j]) * CALORIE * topology.LENNARD_JONES_14,
        topology.charges[i] * topology.charges[j] * topology.COULOMB_14,
        (topology.sigma[i] + topology.sigma[j]) / 2 * _NM,
    )
    return f"""<Force type="NonbondedForce" name="NonbondedForce" version="4" method="4" cutoff="{cutoff!r}" \
ewaldTolerance=".0005" dispersionCorrection="1" useSwitchingFunction="0" switchingDistance="-1" rfDielectric="78.3" \
alpha="0" nx="0" ny="0" nz="0" ljAlpha="0" ljnx="0" ljny="0" ljnz="0" exceptionsUsePeriodic="0" \
includeDirectSpace="1" recipForceGroup="-1" forceGroup="0">
<GlobalParameters/>
<ParticleOffsets/>
<ExceptionOffsets/>
<Particles>
{particles}</Particles>
<Exceptions>
{excluded}{scaled}</Exceptions>
</Force>
"""
