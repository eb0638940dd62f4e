"""Figures to Cloud Monitoring."""
