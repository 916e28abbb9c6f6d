"""A property of your own, computed by a function of your own.

The carbon footprint of making a polymer is no property that polyloop knows. Here it is a rough sum over elements; put
your own model in its place. Run it with: python examples/own_property.py
"""

from rdkit import Chem

from polyloop import Campaign, Polymer

# kg of CO2 for a kg of each element in a polymer: round numbers for the example, not data.
PER_ELEMENT = {"C": 3.0, "H": 1.0, "O": 0.5, "N": 6.0, "F": 20.0, "Cl": 4.0, "S": 3.0}
FOOTPRINT = {
    "unit": "kg/kg",
    "low": 0.0,
    "high": 50.0,
    "definition": "CO2 for making a kg of polymer, by its elements.",
}


def carbon_footprint(smiles: str, seed: int) -> dict[str, float]:
    """Return the footprint of a repeat unit; raise for what it does not know, and the campaign keeps the reason."""
    atoms = [atom for atom in Chem.AddHs(Polymer(smiles).mol).GetAtoms() if atom.GetAtomicNum() > 0]
    unknown = {atom.GetSymbol() for atom in atoms} - PER_ELEMENT.keys()
    if unknown:
        raise ValueError(f"no footprint is known of {', '.join(sorted(unknown))}")
    mass = sum(atom.GetMass() for atom in atoms)
    return {"carbon_footprint": sum(atom.GetMass() * PER_ELEMENT[atom.GetSymbol()] for atom in atoms) / mass}


def main() -> None:
    """Trade the footprint off against the refractive index, which a protocol computes."""
    campaign = Campaign(
        [("carbon_footprint", "minimize"), ("refractive_index", "maximize")],
        {"source": "homopolymers", "heavy_atoms": [2, 6], "elements": ["C", "H", "O", "N", "F", "S"]},
        evaluators={"carbon_footprint": carbon_footprint, "refractive_index": "instant"},
        properties={"carbon_footprint": FOOTPRINT},
        features=["ecfp"],
        initial=8,
        cycles=2,
        batch=4,
        directory="runs/own_property",
    )
    status = campaign.run(report=False)
    print(f"{status.evaluations} evaluated; the trade-off:")
    for best in sorted(status.best, key=lambda one: one.values["carbon_footprint"]):
        print(
            f"{best.text:30} {best.values['carbon_footprint']:5.2f} kg/kg   n_D = {best.values['refractive_index']:.3f}"
        )


if __name__ == "__main__":
    main()
