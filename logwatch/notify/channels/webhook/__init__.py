"""A JSON webhook for other programs."""
