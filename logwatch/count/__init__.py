"""Summaries counted into windows of sixty seconds."""
