"""The radonpy package's own GAFF2_mod assignment of a molecule, and where a topology of ours differs from it."""

import contextlib
import io
import warnings
from functools import cache

import numpy as np
from rdkit import Chem

# Empirical angles come out of a formula, in which the order of operations differs; all else is read from one table.
TOLERANCE = 1e-9


@cache
def force_field():
    with warnings.catch_warnings():
        # The package's sources hold invalid escapes, which Python reports when it compiles them.
        warnings.simplefilter("ignore")
        from radonpy.ff.gaff2_mod import GAFF2_mod
    return GAFF2_mod()


def assign(mol, charge=None):
    """A copy of `mol` with the package's terms, or None if the package refuses it."""
    mol = Chem.Mol(mol)
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            done = force_field().ff_assign(mol, charge=charge)
        except KeyError:
            # A type that the package's rules give and its table lacks.
            return None
    return mol if done else None


def differences(assigned, topology):
    """Names of the quantities in which a topology differs from an assigned molecule with the same order of atoms."""
    atoms, bonds = list(assigned.GetAtoms()), list(assigned.GetBonds())
    dihedrals, impropers = assigned.dihedrals, assigned.impropers
    fourier = [(row, *term) for row, d in enumerate(dihedrals) for term in zip(d.ff.k, d.ff.n, d.ff.d0, strict=True)]
    ours = np.column_stack([topology.term_dihedral, topology.term_k, topology.term_n, topology.term_phase])
    pairs = {
        "mass": ([a.GetMass() for a in atoms], topology.masses),
        "epsilon": ([a.GetDoubleProp("ff_epsilon") for a in atoms], topology.epsilon),
        "sigma": ([a.GetDoubleProp("ff_sigma") for a in atoms], topology.sigma),
        "bonds": ([(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in bonds], topology.bonds),
        "bond k": ([b.GetDoubleProp("ff_k") for b in bonds], topology.bond_k),
        "bond r0": ([b.GetDoubleProp("ff_r0") for b in bonds], topology.bond_r0),
        "angles": ([(t.a, t.b, t.c) for t in assigned.angles], topology.angles),
        "angle k": ([t.ff.k for t in assigned.angles], topology.angle_k),
        "angle theta0": ([t.ff.theta0 for t in assigned.angles], topology.angle_theta0),
        "dihedrals": ([(t.a, t.b, t.c, t.d) for t in dihedrals], topology.dihedrals),
        "dihedral terms": (fourier, ours),
        "impropers": ([(t.a, t.b, t.c, t.d) for t in impropers], topology.impropers),
        "improper k": ([t.ff.k for t in impropers], topology.improper_k),
        "improper sign": ([t.ff.d0 for t in impropers], topology.improper_sign),
        "improper n": ([t.ff.n for t in impropers], topology.improper_n),
    }
    types = [topology.type_names[code] for code in topology.types]
    different = [] if types == [a.GetProp("ff_type") for a in atoms] else ["types"]
    for name, (theirs, own) in pairs.items():
        expected = np.array(theirs, dtype=float).reshape(own.shape) if np.size(theirs) == own.size else None
        if expected is None or not np.allclose(own, expected, rtol=0, atol=TOLERANCE):
            different.append(name)
    return different
