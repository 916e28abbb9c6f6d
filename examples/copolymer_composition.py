"""Refractive index and density of a copolymer over its composition, by mixing rules from its units.

Run it with: python examples/copolymer_composition.py
"""

from polyloop import evaluate
from polyloop.chem import Copolymer

STYRENE, METHYL_METHACRYLATE = "*CC(*)c1ccccc1", "*CC(*)(C)C(=O)OC"


def main() -> None:
    """Print a row for each composition."""
    print("mole fraction of styrene   n_D                 density in g/cm3")
    for percent in (10, 25, 50, 75, 90):
        share = percent / 100
        copolymer = Copolymer.parse(f"random: {share} {STYRENE} + {1 - share:.2f} {METHYL_METHACRYLATE}")
        records = {record.property: record for record in evaluate(copolymer, "optics/mixing_instant@1")}
        index, density = records["refractive_index"], records["density"]
        print(f"{share:24.2f}   {index.value:.4f} ± {index.std:.4f}     {density.value:.3f} ± {density.std:.3f}")
    blend = Copolymer.parse(f"blend: 0.5 {STYRENE} + 0.5 {METHYL_METHACRYLATE}")
    print(f"A blend is something else: {blend.canonical} ({blend.polymer_class})")


if __name__ == "__main__":
    main()
