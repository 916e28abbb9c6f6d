"""Programs that run molecular dynamics, behind one contract."""
