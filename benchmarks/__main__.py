"""`python -m benchmarks`: all measurements, or those named with --only; exit code 1 when one failed or disagreed."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from benchmarks.make_input import MIXES
from benchmarks.read_speed import DEFAULT_ENTRIES, compare_reading
from benchmarks.startup import compare_startup
from benchmarks.windows_speed import RIVALS, compare_windows

PARTS = ("windows", "reading", "startup")
SHORT = ("day-paths", "day-logger", "sparse-any", "half-paths", "half-known")
"""Files that are always measured."""
PACKED = ("sparse-any",)
"""Those that are measured packed, too."""


def _named(known: Sequence[str], text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names).difference(known):
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return names


def main() -> int:
    """Run the parts one after the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure logwatch against others.")
    parser.add_argument("--wide", action="store_true", help="every kind of file, in full size: an hour")
    parser.add_argument("--scale", type=float, help="of the large files' sizes (default 0.3, with --wide 1)")
    parser.add_argument("--rivals", default=sys.executable, help="the Python that has the other programs (default this one)")
    parser.add_argument(
        "--against", type=partial(_named, RIVALS), default=RIVALS, help=f"comma-separated, of {', '.join(RIVALS)}"
    )
    parser.add_argument("--entries", type=int, default=DEFAULT_ENTRIES, help="for the server (default %(default)s)")
    parser.add_argument("--runs", type=int, default=3, help="rounds of each measurement (default %(default)s)")
    parser.add_argument("--only", type=partial(_named, PARTS), default=PARTS, help=f"comma-separated, of {', '.join(PARTS)}")
    every = [mix.name for mix in MIXES]
    parser.add_argument("--files", type=partial(_named, every), help=f"comma-separated, of {', '.join(every)}")
    arguments = parser.parse_args()
    scale = arguments.scale or (1.0 if arguments.wide else 0.3)
    files = arguments.files or (every if arguments.wide else SHORT)
    mixes = [mix for mix in MIXES if mix.name in files]
    measurements = {
        "windows": lambda: compare_windows(mixes, scale, arguments.runs, (arguments.rivals, arguments.against), PACKED),
        "reading": lambda: compare_reading(arguments.entries, arguments.runs),
        "startup": lambda: compare_startup(arguments.runs),
    }
    well = [measurements[part]() for part in PARTS if part in arguments.only]
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
