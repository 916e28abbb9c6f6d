"""tblite: GFN2-xTB geometries and solvation energies."""
