"""Additive molar refraction and van der Waals volume, to find slips in the shipped tables.

Increments of the molar refraction at the D line, cm3/mol: Eisenlohr, Z. Phys. Chem. 75 (1910) 585, for C, H, O, Cl, Br,
I, N and multiple bonds; Vogel, J. Chem. Soc. 1948, 1833, for S, nitro and F. Those of Si, P, S in sulfoxides, sulfones
and sulfates, and of nitrogen in C=N of an aromatic ring and in amides, are rounded means over common compounds. They
judge nothing finer than the tolerances of the tests. Van der Waals volumes: Zhao, Abraham and Zissimos, J. Org. Chem.
68 (2003) 7368, doi:10.1021/jo034808o.
"""

from rdkit import Chem

CARBON, HYDROGEN, HALOGEN = 2.418, 1.100, {"Cl": 5.967, "Br": 8.865, "I": 13.900}
FLUORINE, PERFLUORO = 1.10, 1.22
CARBONYL, HYDROXYL, ETHER = 2.211, 1.525, 1.643
NITRILE, NITRO, AMIDE, RING_IMINE = 3.118, 6.72, 2.60, 3.00
AMINE = {2: 2.322, 1: 2.502, 0: 2.840}
THIOL, SULFIDE, DISULFIDE, SULFOXIDE, SULFONE, SULFATE = 7.69, 7.97, 8.00, 8.85, 8.90, 7.60
SILICON, SILICON_PER_OXYGEN, PHOSPHORYL, PHOSPHITE = 7.0, -0.6, 6.1, 7.1
DOUBLE, TRIPLE = 1.733, 2.398
EPOXIDE = 0.6

ATOM_VOLUME = {
    "H": 7.24, "C": 20.58, "N": 15.60, "O": 14.71, "F": 13.31, "Cl": 22.45, "Br": 26.52, "I": 32.52, "P": 24.43,
    "S": 24.43, "Si": 38.79,
}  # fmt: skip


def _order(mol: Chem.Mol, a: Chem.Atom, b: Chem.Atom) -> float:
    return mol.GetBondBetweenAtoms(a.GetIdx(), b.GetIdx()).GetBondTypeAsDouble()


def _oxygen(mol: Chem.Mol, atom: Chem.Atom) -> float:
    partners = [x for x in atom.GetNeighbors() if x.GetSymbol() != "H"]
    double = any(_order(mol, atom, x) == 2 for x in partners)
    if atom.GetFormalCharge() or (double and partners[0].GetSymbol() in {"S", "P", "N"}):
        return 0.0  # counted with the group's central atom
    if double:
        return CARBONYL
    return HYDROXYL if len(partners) == 1 and partners[0].GetSymbol() != "*" else ETHER


def _nitrogen(mol: Chem.Mol, atom: Chem.Atom) -> float:
    near = atom.GetNeighbors()
    if atom.GetFormalCharge():
        return NITRO
    orders = [_order(mol, atom, x) for x in near]
    if 3 in orders:
        return NITRILE
    if 2 in orders:
        return RING_IMINE
    carbonyl = any(
        x.GetSymbol() == "C" and any(y.GetSymbol() == "O" and _order(mol, x, y) == 2 for y in x.GetNeighbors())
        for x in near
    )
    return AMIDE if carbonyl else AMINE[sum(x.GetSymbol() == "H" for x in near)]


def _sulfur(mol: Chem.Mol, atom: Chem.Atom) -> float:
    near = atom.GetNeighbors()
    oxo = sum(x.GetSymbol() == "O" and _order(mol, atom, x) == 2 for x in near)
    if oxo:
        ester = any(x.GetSymbol() == "O" and _order(mol, atom, x) == 1 for x in near)
        return SULFATE if ester else {1: SULFOXIDE, 2: SULFONE}[oxo]
    if any(x.GetSymbol() == "H" for x in near):
        return THIOL
    return DISULFIDE if any(x.GetSymbol() == "S" for x in near) else SULFIDE


def _atom(mol: Chem.Mol, atom: Chem.Atom) -> float:
    symbol, near = atom.GetSymbol(), atom.GetNeighbors()
    if symbol in HALOGEN:
        return HALOGEN[symbol]
    if symbol == "F":
        return PERFLUORO if sum(x.GetSymbol() == "F" for x in near[0].GetNeighbors()) > 1 else FLUORINE
    if symbol == "Si":
        return SILICON + SILICON_PER_OXYGEN * sum(x.GetSymbol() == "O" for x in near)
    if symbol == "P":
        return PHOSPHORYL if any(_order(mol, atom, x) == 2 for x in near) else PHOSPHITE
    grouped = {"O": _oxygen, "N": _nitrogen, "S": _sulfur}
    if symbol in grouped:
        return grouped[symbol](mol, atom)
    return {"C": CARBON, "H": HYDROGEN, "*": 0.0}[symbol]


def molar_refraction(mol: Chem.Mol) -> float:
    """Sum of increments at the D line, cm3/mol; stars count nothing."""
    whole = Chem.AddHs(mol)
    Chem.Kekulize(whole, clearAromaticFlags=True)
    total = sum(_atom(whole, atom) for atom in whole.GetAtoms())
    for bond in whole.GetBonds():
        symbols = {bond.GetBeginAtom().GetSymbol(), bond.GetEndAtom().GetSymbol()}
        if symbols == {"C"}:
            total += {2.0: DOUBLE, 3.0: TRIPLE}.get(bond.GetBondTypeAsDouble(), 0.0)
    return total + EPOXIDE * sum(len(ring) == 3 for ring in whole.GetRingInfo().AtomRings())


def van_der_waals_volume(unit: Chem.Mol) -> float:
    """Volume of a repeat unit with two stars, cm3/mol: atoms, less 5.92 A3 a bond, 14.7 or 3.8 A3 a ring."""
    whole = Chem.AddHs(unit)
    atoms = [atom for atom in whole.GetAtoms() if atom.GetAtomicNum()]
    bonds = sum(b.GetBeginAtom().GetAtomicNum() * b.GetEndAtom().GetAtomicNum() > 0 for b in whole.GetBonds()) + 1
    rings = whole.GetRingInfo().AtomRings()
    aromatic = sum(all(whole.GetAtomWithIdx(i).GetIsAromatic() for i in ring) for ring in rings)
    volume = sum(ATOM_VOLUME[atom.GetSymbol()] for atom in atoms)
    volume -= 5.92 * bonds + 14.7 * aromatic + 3.8 * (len(rings) - aromatic)
    return 0.602214 * volume
