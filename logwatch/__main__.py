"""`python -m logwatch`."""

from logwatch.cli.main import run

run()
