"""HalfReaction: what one monomer's group becomes in the chain, as a reaction on the monomer alone, and back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from rdkit import Chem, rdBase
from rdkit.Chem import rdChemReactions

from polyloop.chem.smiles_text import HEAD, TAIL

__all__ = ["HalfReaction", "opening", "perceive", "site"]

_JOIN = "[0*]"
_NITROGEN = Chem.MolFromSmarts("[#7]")
_MAP = re.compile(r":(\d+)\]$")


@dataclass(frozen=True)
class HalfReaction:
    """A reaction on one monomer alone, whose product carries stars where the chain goes on.

    Parameters
    ----------
    name
        The group, as chemists call it.
    pattern
        SMARTS of the group in the monomer, its atoms numbered.
    remains
        SMARTS of what is left of it in the chain, with the stars `[1*]` (head) and `[2*]` (tail) for a reaction that
        opens the monomer at both, or one `[0*]` for a group that makes one bond.
    restored
        Template of the group that the way back makes of `remains`.
    product
        Template of the way forward where `remains` with its atoms taken as they are will not do.
    reactants
        SMARTS of the reactants of the way forward, where the monomer enters more than once.
    """

    name: str
    pattern: str
    remains: str
    restored: str
    product: str = ""
    reactants: str = ""

    @property
    def opens(self) -> bool:
        """Whether the reaction makes both ends at once."""
        return HEAD in self.remains

    def followed_by(self, linker: str) -> HalfReaction:
        """Return the same group with the atoms `linker` (SMILES) between it and the star."""
        product = (self.product or _as_they_are(self.remains)).replace(_JOIN, linker + _JOIN)
        remains = self.remains.replace(_JOIN, linker + _JOIN)
        return replace(self, remains=remains, product=product)

    @cached_property
    def query(self) -> Chem.Mol:
        """The pattern, to look for it."""
        return Chem.MolFromSmarts(_bare(self.pattern))

    def count(self, monomer: Chem.Mol) -> int:
        """Return how many of the group a monomer bears: matches with different sets of atoms."""
        return len({frozenset(match) for match in monomer.GetSubstructMatches(self.query, uniquify=False)})

    def forward(self, monomer: Chem.Mol, star: str = "") -> Iterator[Chem.Mol]:
        """Yield what the reaction makes of a monomer; the new star is `star` unless both ends are made."""
        return _run(self._reactions[0 if self.opens or star == HEAD else 1], monomer)

    def backward(self, residue: Chem.Mol, star: str = "") -> Iterator[Chem.Mol]:
        """Yield what the way back makes of a residue."""
        return _run(self._reactions[2 if self.opens or star == HEAD else 3], residue)

    def stands_at(self, residue: Chem.Mol, star: str) -> bool:
        """Tell whether what remains stands at the star `star` of a residue; of an opening the atoms beside it."""
        return bool(residue.HasSubstructMatch(self._remaining[0 if star == HEAD else 1]))

    @cached_property
    def _remaining(self) -> tuple[Chem.Mol, ...]:
        if not self.opens:
            return tuple(Chem.MolFromSmarts(self.remains.replace(_JOIN, star)) for star in (HEAD, TAIL))
        text = _bare(self.remains)
        parts = text.split(".") if "." in text else [_first_atom(text), _last_atom(text)]
        return tuple(Chem.MolFromSmarts(next(p for p in parts if star in p)) for star in (HEAD, TAIL))

    @cached_property
    def _reactions(self) -> tuple[rdChemReactions.ChemicalReaction, ...]:
        product = _aromatic_again(self.product or _as_they_are(self.remains), self.pattern)
        restored = _aromatic_again(self.restored, self.remains)
        texts = [f"{self.reactants or self.pattern}>>{product}".replace(_JOIN, star) for star in (HEAD, TAIL)]
        texts += [f"{self.remains}>>{restored}".replace(_JOIN, star) for star in (HEAD, TAIL)]
        with rdBase.BlockLogs():
            return tuple(rdChemReactions.ReactionFromSmarts(text) for text in texts)


def perceive(mol: Chem.Mol) -> None:
    """Let only rings of five and six atoms that are aromatic by themselves be aromatic, in place.

    RDKit's own model makes anhydride and imide rings aromatic where they are fused to a benzene ring, some of them and
    others not, and then no one pattern finds them all.
    """
    Chem.Kekulize(mol, clearAromaticFlags=True)
    hydrogens = {i: mol.GetAtomWithIdx(i).GetTotalNumHs() for (i,) in mol.GetSubstructMatches(_NITROGEN)}
    Chem.SetAromaticity(mol, Chem.AromaticityModel.AROMATICITY_SIMPLE)
    for index, count in hydrogens.items():
        # The hydrogen of pyrrole's nitrogen must be written out.
        if count and mol.GetAtomWithIdx(index).GetIsAromatic():
            mol.GetAtomWithIdx(index).SetNumExplicitHs(count)
    mol.UpdatePropertyCache(strict=False)


def opening(name: str, pattern: str, remains: str, restored: str, product: str = "") -> HalfReaction:
    """Return the half-reaction of a monomer that is opened at one group: a double bond, a ring."""
    return HalfReaction(name, pattern, remains, restored, product)


def site(name: str, pattern: str, remains: str, restored: str, product: str = "") -> HalfReaction:
    """Return the half-reaction of one group that makes one bond; `Z` in the texts is the star."""
    return HalfReaction(name, pattern, remains.replace("Z", _JOIN), restored, product.replace("Z", _JOIN))


def _as_they_are(text: str) -> str:
    """Write each numbered atom as `[*:n]`, which a reaction takes from its reactant unchanged."""
    made, place = [], 0
    while place < len(text):
        if text[place] != "[":
            made.append(text[place])
            place += 1
            continue
        end = _end_of_atom(text, place)
        atom = text[place:end]
        number = _MAP.search(atom)
        made.append(atom if number is None else f"[*:{number[1]}]")
        place = end
    return "".join(made)


def _bare(text: str) -> str:
    """Drop the parentheses that hold the parts of one molecule together."""
    return text[1:-1] if text.startswith("(") else text


def _aromatic_again(product: str, reactant: str) -> str:
    """Write `[*:n]` as `[c:n]` where that atom is an aromatic carbon before: so its ring bonds stay aromatic."""
    for number in re.findall(r"\[\*:(\d+)\]", product):
        if re.search(rf"\[c(?:H1)?(?:;[^:\[\]]*(?:\[[^\]]*\][^:\[\]]*)*)?:{number}\]", reactant):
            product = product.replace(f"[*:{number}]", f"[c:{number}]")
    return product


def _first_atom(text: str) -> str:
    """By convention an opening's text begins at the head star; return that star and the atom after it."""
    return text[: _end_of_atom(text, len(HEAD))]


def _last_atom(text: str) -> str:
    """Return the tail star and the atom before it, or the star alone after a branch or a ring."""
    end = len(text) - len(TAIL)
    if text[end - 1] != "]":
        return TAIL
    depth, start = 0, end
    while True:
        start -= 1
        depth += (text[start] == "]") - (text[start] == "[")
        if depth == 0:
            return text[start:]


def _end_of_atom(text: str, start: int) -> int:
    depth, end = 0, start
    while True:
        depth += (text[end] == "[") - (text[end] == "]")
        end += 1
        if depth == 0:
            return end


def _run(reaction: rdChemReactions.ChemicalReaction, mol: Chem.Mol) -> Iterator[Chem.Mol]:
    seen = set()
    with rdBase.BlockLogs():
        for products in reaction.RunReactants((mol,) * reaction.GetNumReactantTemplates()):
            product = products[0]
            # A template that does not fit leaves a wrong valence: no chemistry.
            if Chem.SanitizeMol(product, catchErrors=True) != Chem.SanitizeFlags.SANITIZE_NONE:
                continue
            perceive(product)
            for atom in product.GetAtoms():
                # What has reacted does not react again when the monomer's second group does.
                if atom.HasProp("old_mapno"):
                    atom.SetProp("_protected", "1")
            text = Chem.MolToSmiles(product)
            if text not in seen:
                seen.add(text)
                yield product
