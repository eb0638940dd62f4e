"""The same code over recorded lines: comparison, scores, tuning."""
