"""Campaigns: propose, evaluate, learn, report, resume."""
