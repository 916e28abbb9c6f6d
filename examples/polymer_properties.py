"""Properties of a few polymers, from physics in seconds: no database, no campaign.

Run it with: python examples/polymer_properties.py
"""

from polyloop import Polymer, evaluate

POLYMERS = {
    "polyethylene": "*CC*",
    "polystyrene": "*CC(*)c1ccccc1",
    "poly(methyl methacrylate)": "*CC(*)(C)C(=O)OC",
    "polycarbonate of bisphenol A": "*Oc1ccc(cc1)C(C)(C)c1ccc(cc1)OC(*)=O",
    # The same polymer as polystyrene above: cut at another bond, and with its unit written twice.
    "polystyrene again": "*C(c1ccccc1)CC(C*)c1ccccc1",
}


def main() -> None:
    """Print refractive index and density of each, with their error bars."""
    for name, smiles in POLYMERS.items():
        polymer = Polymer(smiles)
        records = {record.property: record for record in evaluate(polymer, "optics/instant@2")}
        index, density = records["refractive_index"], records["density"]
        print(
            f"{name:30} {polymer.polymer_class:18} n_D = {index.value:.3f} ± {index.std:.3f}   "
            f"density = {density.value:.2f} ± {density.std:.2f} {density.unit}"
        )


if __name__ == "__main__":
    main()
