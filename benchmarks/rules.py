"""The polymerisation rules against smipoly, PI1070 and a table of textbook polymers.

Usage: python benchmarks/rules.py [--pairs 200] [--only products speed reach textbook tables]

`products`: for each of smipoly's 21 rules, sets of monomers that it classifies for the rule, drawn from its own 1,083
(all where there are fewer than --pairs), and the linear repeat units (two stars) that each side makes, by polyloop's
key. smipoly's side is `design.smipoly_rules`, which a test holds to the package's own products. `speed`: rows per
second of the package (`biplym`, classification not counted) on 25 monomers drawn for each class of monomers, of this
library with canonical strings on the same monomers, with and without the half-reactions, which a library needs once
for each monomer, and to strings with keys within the rule (all pairs of the full list, at most 200,000). `reach`: the
share of PI1070 that the rules make, by going back to monomers and polymerising them again, and the share whose
monomers are all in stock (shipped table, ASKCOS, WuXi, ZINC fragments). `textbook`: the
same for the shipped table, with exactly its monomers. Writes results/rules.json.
"""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
import time
import warnings
from collections import Counter, defaultdict
from itertools import product

import numpy as np
import pandas as pd
from rdkit import Chem, RDLogger

import machine
from polyloop import datasets
from polyloop.chem import Polymer
from polyloop.chem.library import monomers as shipped
from polyloop.chem.library import textbook_polymers
from polyloop.chem.polymer_class import PolymerClass
from polyloop.chem.polymerisation import RULES, canonical_chain, depolymerise
from polyloop.chem.polymerisation.catalogue import chain, dienes
from polyloop.chem.polymerisation.references import HANDBOOK
from polyloop.chem.polymerisation.residue import stitched
from polyloop.chem.polymerisation.rule import Orientation
from polyloop.core import InvalidInputError
from polyloop.design.library import PolymerLibrary, StockMonomer
from polyloop.design.smipoly_rules import CARBON_MONOXIDE, smipoly_rules

RDLogger.DisableLog("rdApp.*")
_VINYL = [rule.name for rule in (*chain.RULES, *dienes.RULES) if len(rule.roles) == 1 and not rule.reagents]
# smipoly's (class, first, second) and what it is here.
SAME = {
    ("polyolefin", "vinyl", ""): _VINYL,
    ("polyolefin", "cOle", ""): _VINYL,
    ("polyolefin", "vinyl", "vinyl"): ["alternating pair of vinyl monomers"],
    ("polyolefin", "vinyl", "cOle"): ["alternating vinyl monomer and cyclic olefin"],
    ("polyolefin", "cOle", "cOle"): ["alternating pair of cyclic olefins"],
    ("polyester", "hydCOOH", ""): ["hydroxy acid"],
    ("polyester", "lactone", ""): ["lactone", "lactide type"],
    ("polyester", "hydCOOH", "hydCOOH"): ["pair of hydroxy acids"],
    ("polyester", "diol", "CO"): ["diol and phosgene or diphenyl carbonate", "dithiol and phosgene"],
    ("polyester", "diCOOH", "diol"): ["diacid and diol", "diacid and dithiol"],
    ("polyester", "cAnhyd", "epo"): ["cyclic anhydride and epoxide"],
    ("polyether", "epo", ""): ["epoxide"],
    ("polyether", "hindPhenol", ""): ["oxidation of a phenol"],
    ("polyether", "sfonediX", "diol_b"): ["bisphenol and activated dihalosulfone"],
    ("polyether", "BzodiF", "diol_b"): ["bisphenol and activated dihaloketone"],
    ("polyamide", "lactam", ""): ["lactam", "2-pyrrolidone"],
    ("polyamide", "aminCOOH", ""): ["amino acid"],
    ("polyamide", "diCOOH", "diamin"): ["diacid and diamine"],
    ("polyamide", "aminCOOH", "aminCOOH"): ["pair of amino acids"],
    ("polyimide", "dicAnhyd", "diamin"): ["dianhydride and diamine"],
    ("polyurethane", "diNCO", "diol"): [
        "diisocyanate and diol",
        "diisocyanate and dithiol",
        "diisothiocyanate and diol",
    ],
    ("polyoxazolidone", "diepo", "diNCO"): ["diepoxide and diisocyanate"],
}


def known_monomers() -> list[tuple[str, Chem.Mol, frozenset[str]]]:
    table = pd.read_csv(datasets.path("smipoly", "202207_smip_monset.csv.gz"))
    rules, found = smipoly_rules(), {}
    for text in [*table.SMILES, CARBON_MONOXIDE]:
        mol = Chem.MolFromSmiles(text)
        if mol is not None:
            found.setdefault(Chem.MolToSmiles(mol), (mol, rules.classify(mol)))
    return [(smiles, mol, classes) for smiles, (mol, classes) in sorted(found.items())]


def canonical(texts) -> set[str]:
    made = set()
    for text in texts:
        with contextlib.suppress(InvalidInputError):
            made.add(Polymer(text).canonical)
    return made


def ours(names: list[str], texts: tuple[str, ...]) -> tuple[set[str], Counter]:
    """Return the chains of the rules of these names that no head-to-head unit is in, and why there are none."""
    made: set[str] = set()
    reasons: Counter = Counter()
    for name in names:
        if name not in RULES:
            reasons["no such rule here"] += 1
            continue
        given = tuple(text for text in texts if text != CARBON_MONOXIDE)
        try:
            for one in RULES[name].products(given):
                if one.orientation is not Orientation.HEAD_TO_HEAD or len(given) == 2:
                    made.add(one.smiles)
        except InvalidInputError as error:
            reasons[str(error).partition(": ")[2].partition(" is no ")[2].partition(" Take")[0]] += 1
    return made, reasons


def compare_products(pairs: int) -> list[dict]:
    known, rules, rows = known_monomers(), smipoly_rules(), []
    rng = np.random.default_rng(0)
    for rule in rules.rules:
        first = [k for k in known if rule.first in k[2]]
        second = [k for k in known if rule.second in k[2]] if rule.second else [None]
        sets = [(a, b) for a, b in product(first, second) if a is not b]
        drawn = [sets[i] for i in rng.permutation(len(sets))[:pairs]]
        row = Counter()
        why: Counter = Counter()
        for a, b in drawn:
            chosen = [a] if b is None else [a, b]
            theirs = canonical(rules.react(rule, [k[1] for k in chosen]))
            mine, reasons = ours(SAME[rule.polymer_class, rule.first, rule.second], tuple(k[0] for k in chosen))
            row["both none" if not theirs and not mine else "same" if theirs == mine else
                "only smipoly" if not mine else "only here" if not theirs else
                "smipoly's and more" if theirs < mine else "differ"] += 1  # fmt: skip
            if theirs and not mine:
                why[_reason(reasons)] += 1
        rows.append({"class": rule.polymer_class, "monomers": [rule.first, rule.second], "sets": len(sets),
                     "drawn": len(drawn), **row, "why only smipoly": dict(why.most_common(6))})  # fmt: skip
        print(rows[-1], flush=True)
    return rows


def _reason(reasons: Counter) -> str:
    """The refusal that says most: one that names a group, rather than the lack of one."""
    texts = sorted(reasons, key=lambda text: ("bears no" in text, text))
    return texts[0].partition(": ")[2] or texts[0] if texts else "no linear chain"


def compare_speed() -> list[dict]:
    from smipoly.smip import monc, polg

    known, rows = known_monomers(), []
    rng = np.random.default_rng(0)
    stock = [StockMonomer(smiles, smiles, None) for smiles, _, _ in known]
    for polymer_class in polg.Ps_classL:
        if polymer_class == "polyoxazolidone":
            continue
        keys = [key for key in SAME if key[0] == polymer_class]
        names = {name for key in keys for name in SAME[key] if name in RULES}
        drawn: dict[str, StockMonomer] = {}
        for wanted in {label for key in keys for label in key[1:] if label}:
            members = [i for i, k in enumerate(known) if wanted in k[2]]
            drawn |= {stock[i].smiles: stock[i] for i in rng.permutation(members)[:25]}
        few = tuple(drawn.values())
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            table = monc.moncls(pd.DataFrame({"smiles": [m.smiles for m in few]}), "smiles")
            start = time.process_time()
            made = polg.biplym(table, targ=[polymer_class])
            theirs = len(made) / (time.process_time() - start)
        chosen = [RULES[name] for name in names]
        start = time.process_time()
        library = PolymerLibrary.from_monomers(few, chosen)
        prepared = time.process_time() - start
        start = time.process_time()
        strings = sum(1 for recipe in library.recipes for i in range(len(recipe)) if _text(recipe[i].residues))
        spent = time.process_time() - start
        labels = {label for key in keys for label in key[1:]}
        whole = PolymerLibrary.from_monomers([stock[i] for i, k in enumerate(known) if k[2] & labels], chosen)
        keyed, seconds = _keys(whole)
        rows.append({"class": polymer_class, "smipoly rows/s": theirs, "smipoly rows": len(made), "rows": strings,
                     "canonical rows/s, half-reactions included": strings / (prepared + spent),
                     "canonical rows/s": strings / spent, "keyed rows/s": keyed / seconds, "keyed": keyed})  # fmt: skip
        print(rows[-1], flush=True)
    return rows


def _text(residues) -> str:
    try:
        return canonical_chain(residues)
    except InvalidInputError:
        return ""


def _keys(library: PolymerLibrary, most: int = 200_000) -> tuple[int, float]:
    """Make strings and keys (rule, residues, orientation) of a library's chains; return how many, and CPU seconds."""
    start, seen, texts = time.process_time(), set(), 0
    for recipe in library.recipes:
        for index in range(min(len(recipe), most - texts)):
            made = recipe[index]
            seen.add((recipe.rule.name, *(r.text for r in made.residues)))
            texts += bool(stitched(made.residues))
    assert len(seen) == texts, "within a rule every index is another chain"
    return texts, time.process_time() - start


def stock_smiles() -> set[str]:
    folder = datasets.folder("building_blocks")
    with gzip.open(folder / "askcos_buyables.json.gz") as file:
        texts = [row["smiles"] for row in json.load(file)]
    with gzip.open(folder / "wuxi_building_blocks.csv.gz", "rt") as file:
        texts += [row["smiles"] for row in csv.DictReader(file)]
    with gzip.open(folder / "zincfrag_10k.smi.gz", "rt") as file:
        texts += [line.split()[0] for line in file if line.strip()]
    texts += [row.smiles for row in shipped()]
    return {Chem.MolToSmiles(mol, isomericSmiles=False) for mol in map(Chem.MolFromSmiles, texts) if mol is not None}


def reach() -> dict:
    table = pd.read_csv(datasets.path("radonpy_pi1070", "PI1070.csv.gz"))
    stock = stock_smiles()
    flat = {}
    for text, number in zip(table.smiles, table.polymer_class, strict=True):
        polymer = Polymer(text)
        flat.setdefault(polymer.canonical, int(number))
    count: Counter = Counter()
    by_class: dict[int, Counter] = defaultdict(Counter)
    missed = []
    for text, number in flat.items():
        ways = depolymerise(Polymer(text), RULES.values())
        common = [way for way in ways if way.rule.reference is not HANDBOOK]
        had = [way for way in ways if all(_flat(m) in stock for m in way.monomers)]
        ways_by_name = {"all": True, "reached": ways, "reached by rules of Odian or a review": common,
                        "reached, monomers in stock": had}  # fmt: skip
        for name, found in ways_by_name.items():
            count[name] += bool(found)
            by_class[number][name] += bool(found)
        if not ways:
            missed.append([number, text])
        if count["all"] % 100 == 0:
            print(dict(count), flush=True)
    return {**count, "by class": {k: dict(by_class[k]) for k in sorted(by_class)}, "missed": missed}


def _flat(smiles: str) -> str:
    return Chem.MolToSmiles(Chem.MolFromSmiles(smiles), isomericSmiles=False)


def textbook() -> dict:
    missed, classes = [], set()
    for row in textbook_polymers():
        polymer = Polymer(row.repeat_unit)
        classes.add(polymer.polymer_class.value)
        wanted = sorted(map(Chem.CanonSmiles, row.monomers))
        ways = depolymerise(polymer, RULES.values())
        if not any(sorted(map(Chem.CanonSmiles, way.monomers)) == wanted for way in ways):
            missed.append(row.name)
    return {"polymers": len(textbook_polymers()), "classes": len(classes), "missed": missed}


def tables(result: dict) -> str:
    """Return the tables of docs/validation/rules.md."""
    lines = ["| smipoly's rule | sets | drawn | same | same and more | only smipoly | only here | differ | neither |",
             "|---|---|---|---|---|---|---|---|---|"]  # fmt: skip
    kinds = ("same", "smipoly's and more", "only smipoly", "only here", "differ", "both none")
    for row in result["products"]:
        name = f"{row['class']}: {' + '.join(filter(None, row['monomers']))}"
        cells = [name, f"{row['sets']:,}", row["drawn"], *(row.get(kind, 0) for kind in kinds)]
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    lines += ["", "| class | smipoly, rows/s | canonical strings, rows/s | ratio | strings and keys, rows/s | ratio |",
              "|---|---|---|---|---|---|"]  # fmt: skip
    for row in result["speed"]:
        peer, text, key = (row[k] for k in ("smipoly rows/s", "canonical rows/s", "keyed rows/s"))
        lines.append(
            f"| {row['class']} | {peer:,.0f} | {text:,.0f} | {text / peer:,.0f} | {key:,.0f} | {key / peer:,.0f} |"
        )
    lines += [
        "",
        "| PI1070 class | polymers | reached | by Odian or a review | monomers in stock |",
        "|---|---|---|---|---|",
    ]
    names = ("all", "reached", "reached by rules of Odian or a review", "reached, monomers in stock")
    classes = list(PolymerClass)
    for number, row in result["reach"]["by class"].items():
        lines.append(f"| {classes[int(number)]} | " + " | ".join(str(row.get(name, 0)) for name in names) + " |")
    lines.append("| all | " + " | ".join(str(result["reach"][name]) for name in names) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--only", nargs="+", default=["products", "speed", "reach", "textbook"])
    options = parser.parse_args()
    path = machine.RESULTS / "rules.json"
    result = json.loads(path.read_text()) if path.exists() else {}
    steps = {"products": lambda: compare_products(options.pairs), "speed": compare_speed, "reach": reach,
             "textbook": textbook}  # fmt: skip
    for name in options.only:
        if name == "tables":
            print(tables(result))
            continue
        result[name] = steps[name]()
        result["machine"] = machine.describe("rdkit", "smipoly")
        result["rules"] = len(RULES)
        machine.write("rules", result)


if __name__ == "__main__":
    main()
