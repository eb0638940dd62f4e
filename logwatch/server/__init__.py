"""Ticks on request, over HTTP."""
