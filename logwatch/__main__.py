"""`python -m logwatch`."""

from logwatch.cli import run

run()
