"""Step growth that closes rings in the main chain: benzimidazoles, oxazoles, thiazoles, quinoxalines, oxadiazoles."""

from __future__ import annotations

from polyloop.chem.polymer_class import PolymerClass as Class
from polyloop.chem.polymerisation import groups as g
from polyloop.chem.polymerisation.condensation import step_rule
from polyloop.chem.polymerisation.half_reaction import HalfReaction, site
from polyloop.chem.polymerisation.references import HANDBOOK
from polyloop.chem.polymerisation.role import twofold

__all__ = ["RULES"]

_N, _O, _S, _A = g.AMINE_GROUP, g.HYDROXYL_GROUP, g.THIOL_GROUP, g.ACID_GROUP
_CARBOXYL_CARBON = site(
    "carboxylic acid or halide", "[#6;!$([#6]=O):1][CX3](=[OX1])[$([OX2H1]),Cl,$([OX2]c1ccccc1),$([OX2][CH3])]",
    "[#6;!$([#6]=[O,N]);!$([nX3]):1]Z",
    "[*:1]C(=O)O", "[*:1]Z",
)  # fmt: skip
# The carbon of the acid stands in the ring, which belongs to the other monomer's residue.
_DIACID_CARBON = twofold("diacid, its chloride or ester", _CARBOXYL_CARBON, _N, _S)


def _azole(name: str, neighbour: str, atom: str, ring: str, remain: str) -> HalfReaction:
    """Return a five-membered ring closed by an ortho amine, `neighbour` and the carbon of an acid."""
    return site(
        name, f"[c:1]([NX3H2])[c:2]{neighbour}", f"[c:1]1[nX2]c(Z)[{remain}][c:2]1", f"[*:1](N)[*:2]{atom}",
        f"[*:1]1N=C(Z){ring}[*:2]1",
    )  # fmt: skip


_TETRAMINE = twofold("tetraamine", _azole("pair of ortho amines", "[NX3H2]", "N", "N", "nX3H1"), _A, _O)
_AMINOPHENOL = twofold("bis(o-aminophenol)", _azole("ortho aminophenol", "[OX2H1]", "O", "O", "oX2"), _A)
_AMINOTHIOPHENOL = twofold(
    "bis(o-aminothiophenol)", _azole("ortho aminothiophenol", "[SX2H1]", "S", "S", "sX2"), _A, _O
)
_QUINOXALINE = site(
    "pair of ortho amines", "[c:1]([NX3H2])[c:2][NX3H2]", "[c:1]1[nX2]c(Z)c(-c2ccccc2)[nX2][c:2]1", "[*:1](N)[*:2]N",
    "[*:1]1nc(Z)c(-c2ccccc2)n[*:2]1",
)  # fmt: skip
_QUINOXALINE_TETRAMINE = twofold("tetraamine", _QUINOXALINE, _A, _O)
# Both carbonyls of a benzil close the ring; its phenyl stays as the ring's side group.
_BENZIL = site(
    "phenyl 1,2-diketone", "[c:1][CX3](=[OX1])[CX3](=[OX1])c1[cH][cH][cH][cH][cH]1",
    "[c;!$([c]n);!$(c1cc(c2ccccc2)ncc1):1]Z",
    "[*:1]C(=O)C(=O)c1ccccc1", "[*:1]Z",
)  # fmt: skip
_DIBENZIL = twofold("bis(phenyl 1,2-diketone)", _BENZIL, _N)
_HYDRAZIDE_RING = site(
    "hydrazide", "[#6:1][CX3:2](=[OX1])[NX3H1][NX3H2]", "[#6:1][c:2]1[nX2][nX2]c(Z)[oX2]1", "[*:1][C:2](=O)NN",
    "[*:1][c:2]1nnc(Z)o1",
)  # fmt: skip
_DIHYDRAZIDE = twofold("dihydrazide", _HYDRAZIDE_RING, _A)

RULES = (
    step_rule("tetraamine and diacid", Class.POLYIMINES, (_TETRAMINE, _DIACID_CARBON), ("Nc1ccc(cc1N)-c1ccc(N)c(N)c1",
        "OC(=O)c1cccc(c1)C(=O)O"),
              "*c1cccc(c1)-c1nc2cc(ccc2[nH]1)-c1ccc2nc(*)[nH]c2c1", "benzimidazole"),
    step_rule("bis(o-aminophenol) and diacid", Class.POLYOXIDES, (_AMINOPHENOL, _DIACID_CARBON),
              ("Nc1cc(ccc1O)-c1ccc(O)c(N)c1", "OC(=O)c1cccc(c1)C(=O)O"),
              "*c1cccc(c1)-c1nc2cc(ccc2o1)-c1ccc2oc(*)nc2c1", "benzoxazole"),
    step_rule("bis(o-aminothiophenol) and diacid", Class.POLYSULFIDES, (_AMINOTHIOPHENOL, _DIACID_CARBON),
              ("Nc1cc(S)c(N)cc1S", "OC(=O)c1ccc(cc1)C(=O)O"), "*c1ccc(cc1)-c1nc2cc3sc(*)nc3cc2s1", "benzothiazole",
              reference=HANDBOOK),
    step_rule("dihydrazide and diacid", Class.POLYOXIDES, (_DIHYDRAZIDE, _DIACID_CARBON),
              ("NNC(=O)c1cccc(c1)C(=O)NN", "OC(=O)c1ccc(cc1)C(=O)O"), "*c1ccc(cc1)-c1nnc(o1)-c1cccc(c1)-c1nnc(*)o1",
              "1,3,4-oxadiazole",
              reference=HANDBOOK),
    step_rule("tetraamine and bis(1,2-diketone)", Class.POLYIMINES, (_QUINOXALINE_TETRAMINE, _DIBENZIL),
              ("Nc1ccc(cc1N)-c1ccc(N)c(N)c1", "O=C(C(=O)c1ccc(cc1)C(=O)C(=O)c1ccccc1)c1ccccc1"),
              "*c1ccc(cc1)-c1nc2ccc(cc2nc1-c1ccccc1)-c1ccc2nc(*)c(-c3ccccc3)nc2c1", "phenylquinoxaline",
              reference=HANDBOOK),
)  # fmt: skip
