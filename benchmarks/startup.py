"""How long `logwatch --help` takes, against an interpreter that only imports typer."""

import sys
from statistics import median

from benchmarks.processes import Command, interleaved, logwatch_command


def compare_startup(rounds: int) -> bool:
    """Print both medians and their ratio; False when one of the commands failed."""
    commands = {
        "import typer": Command([sys.executable, "-c", "import typer"]),
        "logwatch --help": Command([logwatch_command(), "--help"]),
    }
    runs = interleaved(commands, rounds)
    print(f"start-up, median of {rounds}")
    walls = {name: median(run.wall_s for run in of_name) for name, of_name in runs.items()}
    for name, wall_s in walls.items():
        ratio = f"{wall_s / walls['import typer']:.2f}" if "import typer" in walls else "-"
        print(f"{name:18}{wall_s * 1000:7.0f} ms{ratio:>7}")
    return runs.keys() == commands.keys()
