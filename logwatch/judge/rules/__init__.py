"""The rules, read out of YAML and held against the runbook."""
