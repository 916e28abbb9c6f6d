"""Who proposes: pools of candidates, objectives and acquisition functions."""
