"""Where each polymerisation is described: reviews whose DOI is certain, and textbooks where none is needed."""

from __future__ import annotations

from polyloop.chem.library import Reference

__all__ = [
    "ACTIVATED", "ADMET", "ALLCOCK", "ANHYDRIDES", "CARBON_DIOXIDE", "CLICK", "GLYCOLIDE", "HANDBOOK", "IMIDES",
    "ISOCYANATES", "KETONES", "MERRIFIELD", "NCA", "ODIAN", "OXAZOLINES", "ROMP", "SUZUKI", "THIOL_ENE",
]  # fmt: skip

ODIAN = Reference(
    "odian2004", "Odian, G. Principles of Polymerization, 4th ed.; Wiley: Hoboken, 2004.", "10.1002/047147875X"
)
HANDBOOK = Reference("ravve2012", "Ravve, A. Principles of Polymer Chemistry, 3rd ed.; Springer: New York, 2012.", "")
ALLCOCK = Reference(
    "allcock2003", "Allcock, H. R. Chemistry and Applications of Polyphosphazenes; Wiley: Hoboken, 2003.", ""
)
NCA = Reference("kricheldorf2006", "Kricheldorf, H. R. Angew. Chem. Int. Ed. 2006, 45, 5752.", "10.1002/anie.200600693")
SUZUKI = Reference("miyaura1995", "Miyaura, N.; Suzuki, A. Chem. Rev. 1995, 95, 2457.", "10.1021/cr00039a007")
GLYCOLIDE = Reference(
    "dechy2004", "Dechy-Cabaret, O.; Martin-Vaca, B.; Bourissou, D. Chem. Rev. 2004, 104, 6147.", "10.1021/cr040002s"
)
ROMP = Reference(
    "bielawski2007", "Bielawski, C. W.; Grubbs, R. H. Prog. Polym. Sci. 2007, 32, 1.",
    "10.1016/j.progpolymsci.2006.08.006",
)  # fmt: skip
THIOL_ENE = Reference(
    "hoyle2010", "Hoyle, C. E.; Bowman, C. N. Angew. Chem. Int. Ed. 2010, 49, 1540.", "10.1002/anie.200903924"
)
CLICK = Reference(
    "kolb2001", "Kolb, H. C.; Finn, M. G.; Sharpless, K. B. Angew. Chem. Int. Ed. 2001, 40, 2004.",
    "10.1002/1521-3773(20010601)40:11<2004::AID-ANIE2004>3.0.CO;2-5",
)  # fmt: skip
CARBON_DIOXIDE = Reference(
    "coates2004", "Coates, G. W.; Moore, D. R. Angew. Chem. Int. Ed. 2004, 43, 6618.", "10.1002/anie.200460442"
)
KETONES = Reference("drent1996", "Drent, E.; Budzelaar, P. H. M. Chem. Rev. 1996, 96, 663.", "10.1021/cr940282j")
IMIDES = Reference(
    "liaw2012",
    "Liaw, D.-J.; Wang, K.-L.; Huang, Y.-C.; Lee, K.-R.; Lai, J.-Y.; Ha, C.-S. Prog. Polym. Sci. 2012, 37, 907.",
    "10.1016/j.progpolymsci.2012.02.005",
)  # fmt: skip
ADMET = Reference("mutlu2011", "Mutlu, H.; de Espinosa, L. M.; Meier, M. A. R. Chem. Soc. Rev. 2011, 40, 1404.",
                  "10.1039/B924852H")  # fmt: skip
OXAZOLINES = Reference(
    "verbraeken2017", "Verbraeken, B.; Monnery, B. D.; Lava, K.; Hoogenboom, R. Eur. Polym. J. 2017, 88, 451.",
    "10.1016/j.eurpolymj.2016.11.016",
)  # fmt: skip
ISOCYANATES = Reference(
    "delebecq2013", "Delebecq, E.; Pascault, J.-P.; Boutevin, B.; Ganachaud, F. Chem. Rev. 2013, 113, 80.",
    "10.1021/cr300195n",
)  # fmt: skip
ANHYDRIDES = Reference(
    "leong1987", "Leong, K. W.; Simonte, V.; Langer, R. Macromolecules 1987, 20, 705.", "10.1021/ma00170a001"
)
MERRIFIELD = Reference("merrifield1963", "Merrifield, R. B. J. Am. Chem. Soc. 1963, 85, 2149.", "10.1021/ja00897a025")
ACTIVATED = Reference("das2016", "Das, A.; Theato, P. Chem. Rev. 2016, 116, 1434.", "10.1021/acs.chemrev.5b00291")
