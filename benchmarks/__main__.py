"""`python -m benchmarks`: all measurements, or those named with --only; exit code 1 when one failed or disagreed."""

import argparse
import sys

from benchmarks.make_input import DEFAULT_LINES
from benchmarks.read_speed import DEFAULT_ENTRIES, compare_reading
from benchmarks.startup import compare_startup
from benchmarks.windows_speed import compare_windows

PARTS = ("windows", "reading", "startup")


def _parts(text: str) -> list[str]:
    parts = text.split(",")
    if unknown := set(parts).difference(PARTS):
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(PARTS)}")
    return parts


def main() -> int:
    """Run the parts one after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure logwatch against others.")
    parser.add_argument("--lines", type=int, default=DEFAULT_LINES, help="of the input file (default %(default)s)")
    parser.add_argument("--entries", type=int, default=DEFAULT_ENTRIES, help="for the server (default %(default)s)")
    parser.add_argument("--runs", type=int, default=5, help="rounds of each measurement (default %(default)s)")
    parser.add_argument("--only", type=_parts, default=PARTS, help=f"comma-separated, of {', '.join(PARTS)}")
    arguments = parser.parse_args()
    measurements = {
        "windows": lambda: compare_windows(arguments.lines, arguments.runs),
        "reading": lambda: compare_reading(arguments.entries, arguments.runs),
        "startup": lambda: compare_startup(arguments.runs),
    }
    well = [measurements[part]() for part in PARTS if part in arguments.only]
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
