"""Programs that polyloop drives, one folder each."""
