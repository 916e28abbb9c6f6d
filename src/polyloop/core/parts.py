"""polyloop's own parts, a line for each: its name and the place of its object, as in an entry point.

A new part of polyloop is one file and one line here. Another package adds the same line to its own `pyproject.toml`:

    [project.entry-points."polyloop.blocks"]
    my_block = "my_package.my_block:MyBlock"
"""

from __future__ import annotations

__all__ = ["PARTS"]

PARTS: dict[str, dict[str, str]] = {
    "kinds": {
        "polymer": "polyloop.chem.kinds:POLYMER",
        "copolymer": "polyloop.chem.kinds:COPOLYMER",
        "molecule": "polyloop.chem.kinds:MOLECULE",
        "process": "polyloop.design.space.kind:PROCESS",
        "composition": "polyloop.crystal.kinds:COMPOSITION",
        "crystal": "polyloop.crystal.structures.kind:CRYSTAL",
    },
    "conditions": {
        "temperature": "polyloop.core.conditions:TEMPERATURE",
        "pressure": "polyloop.core.conditions:PRESSURE",
        "relative_humidity": "polyloop.core.conditions:RELATIVE_HUMIDITY",
        "frequency": "polyloop.core.conditions:FREQUENCY",
        "solvent": "polyloop.core.conditions:SOLVENT",
    },
    "blocks": {
        "forcefield": "polyloop.features.forcefield:ForceFieldBlock",
        "ecfp": "polyloop.features.ecfp:EcfpBlock",
        "rdkit2d": "polyloop.features.rdkit2d:Rdkit2dBlock",
        "backbone": "polyloop.features.backbone:BackboneBlock",
        "ring_graph": "polyloop.features.ring_graph:RingGraphBlock",
        "factors": "polyloop.features.invariants:InvariantFactorsBlock",
        "atom_pairs": "polyloop.features.fingerprints:AtomPairBlock",
        "torsions": "polyloop.features.fingerprints:TopologicalTorsionBlock",
        "paths": "polyloop.features.fingerprints:PathBlock",
        "maccs": "polyloop.features.maccs:MaccsBlock",
        "ecfp_bits": "polyloop.features.ecfp:EcfpBitsBlock",
        "qmex": "polyloop.features.quantum_descriptors:QmexBlock",
        "qmex_standard": "polyloop.features.quantum_descriptors:QmexStandardBlock",
        "dynamics": "polyloop.features.dynamics_descriptors:DynamicsBlock",
        "element_fractions": "polyloop.crystal.element_fractions:ElementFractionsBlock",
        "element_statistics": "polyloop.crystal.element_statistics:ElementStatisticsBlock",
    },
    "describers": {
        "polymer": "polyloop.features.featurization:featurize",
        "copolymer": "polyloop.features.mixtures:describe_copolymers",
    },
    "surrogates": {
        "gp": "polyloop.learn.gp:GaussianProcess",
        "product_gp": "polyloop.learn.product_gp:ProductGaussianProcess",
        "random_forest": "polyloop.learn.forest:RandomForest",
        "ensemble": "polyloop.learn.ensemble:RidgeEnsemble",
        "pls": "polyloop.learn.pls:PartialLeastSquares",
        "interactive": "polyloop.learn.interactive:InteractiveRegression",
        "kernel_ridge": "polyloop.learn.kernel_ridge:KernelRidge",
        "nusvr": "polyloop.learn.support_vectors:SupportVectors",
        "lightgbm": "polyloop.learn.boosted_trees:BoostedTrees",
        "stack": "polyloop.learn.stack:StackedSurrogate",
        "gcn": "polyloop.learn.graph_networks:GraphConvolution",
        "gin": "polyloop.learn.graph_networks:GraphIsomorphism",
        "episodic": "polyloop.learn.episodic:EpisodicRegression",
        "transfer": "polyloop.learn.transfer.guarded:TransferGaussianProcess",
        "set_attention": "polyloop.crystal.set_attention:SetAttention",
    },
    "splitters": {
        "random": "polyloop.learn.validation.value_splits:RandomSplit",
        "lowest": "polyloop.learn.validation.value_splits:LowestSplit",
        "middle": "polyloop.learn.validation.value_splits:MiddleSplit",
        "highest": "polyloop.learn.validation.value_splits:HighestSplit",
        "similarity": "polyloop.learn.validation.structure_splits:SimilaritySplit",
        "clusters": "polyloop.learn.validation.structure_splits:ClusterSplit",
        "leave_class_out": "polyloop.learn.validation.value_splits:LeaveClassOut",
        "combined": "polyloop.learn.validation.structure_splits:CombinedSplit",
        "time": "polyloop.learn.validation.value_splits:TimeSplit",
    },
    "acquisitions": {
        "random": "polyloop.design.acquisition.simple:RandomPicks",
        "uncertainty": "polyloop.design.acquisition.simple:LargestUncertainty",
        "ucb": "polyloop.design.acquisition.simple:UpperConfidence",
        "ei": "polyloop.design.acquisition.simple:ExpectedImprovement",
        "pi": "polyloop.design.acquisition.probability:ProbabilityOfImprovement",
        "ehvi": "polyloop.design.acquisition.simple:ExpectedHypervolume",
        "qlognehvi": "polyloop.design.acquisition.noisy_hypervolume:NoisyHypervolume",
    },
    "sources": {
        "library": "polyloop.design.library.source:LibrarySource",
        "language": "polyloop.design.language.source:LanguageSource",
        "inverse": "polyloop.design.inverse.source:InverseSource",
    },
    "dynamics_engines": {
        "gromacs": "polyloop.engines.dynamics.gromacs.engine:GromacsEngine",
        "lammps": "polyloop.engines.dynamics.lammps.engine:LammpsEngine",
        "openmm": "polyloop.engines.dynamics.openmm.engine:OpenMMEngine",
    },
    "quantum_engines": {
        "pyscf": "polyloop.engines.quantum.pyscf_engine:PYSCF",
        "tblite": "polyloop.engines.quantum.tblite_engine:TBLITE",
        "dftd4": "polyloop.engines.quantum.dftd4_engine:DFTD4",
    },
    "protocols": {
        "process/copolymerization@1": "polyloop.process.protocol:COPOLYMERIZATION",
        "crystal/relax@1": "polyloop.crystal.relaxation.protocol:CRYSTAL_RELAX",
        "crystal/stability@1": "polyloop.crystal.protocols:CRYSTAL_STABILITY",
        "crystal/composition@1": "polyloop.crystal.protocols:COMPOSITION_ENERGY",
        "crystal/composition_relax@1": "polyloop.crystal.protocols:COMPOSITION_RELAX",
    },
    "potentials": {
        "chgnet": "polyloop.engines.potentials.chgnet:CHGNET",
        "sevennet": "polyloop.engines.potentials.sevennet:SEVENNET",
    },
    "charges": {
        "resp": "polyloop.simulate.charges.models:RESP",
        "esp": "polyloop.simulate.charges.models:ESP",
        "fast": "polyloop.simulate.charges.models:FAST",
        "gasteiger": "polyloop.simulate.charges.models:GASTEIGER",
    },
    "reports": {
        "html": "polyloop.report.write:write_report",
    },
}
