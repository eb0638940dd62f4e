"""The beta runbook, executed."""

__version__ = "0.1.0"
