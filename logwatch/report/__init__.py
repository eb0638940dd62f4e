"""Verdicts and alerts for people: table, JSON, Markdown, page."""
