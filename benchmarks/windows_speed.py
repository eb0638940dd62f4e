"""How long `logwatch windows` takes over recorded lines, and whether all comparisons come to the same figures."""

import csv
import sys
import tempfile
from math import isclose
from pathlib import Path
from statistics import median

from benchmarks.make_input import default_path, make_input
from benchmarks.processes import MIB, Command, Run, interleaved, logwatch_command, peak_of_tree

HERE = Path(__file__).parent
Figures = dict[tuple[str, str], tuple[float, ...]]


def compare_windows(lines: int, rounds: int) -> bool:
    """Print the table; True when every command ran and all came to the same figures."""
    source = default_path(lines)
    if not source.exists():
        print(f"writing {source.name} …", flush=True)
        make_input(source, lines)
    print(f"windows over {lines:,} lines, {source.stat().st_size / MIB:.0f} MiB, median of {rounds}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        commands = windows_commands(source, Path(folder))
        runs = interleaved(commands, rounds)
        trees = {name: peak_of_tree(commands[name]) for name in runs}
        _print_table(runs, trees)
        equal = _all_equal({name: Path(folder, f"{name}.csv") for name in runs})
        slow = {name: Path(folder, f"{name}.slow.csv") for name in runs}
        equal &= _all_equal({name: path for name, path in slow.items() if path.exists()})
    return equal and runs.keys() == commands.keys()


def windows_commands(source: Path, folder: Path) -> dict[str, Command]:
    """Give the four ways to the same table; each writes NAME.csv into `folder`."""
    logwatch = [logwatch_command(), "windows", "--source", str(source), "--format", "csv", "--table", "counters"]
    scripts = {
        name: Command([sys.executable, str(HERE / f"with_{name}.py"), str(source), str(folder / f"{name}.csv")])
        for name in ("duckdb", "duckdb_plain", "json")
    }
    return {"logwatch": Command(logwatch, stdout=folder / "logwatch.csv"), **scripts}


def read_figures(path: Path) -> Figures:
    """Minute and series (or label) with the numbers that follow; the header is left out."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows, None)
        return {(minute, name): tuple(map(float, numbers)) for minute, name, *numbers in rows}


def first_difference(one: Figures, other: Figures) -> str | None:
    """Give the first key on which two tables disagree, in words; None when they are equal."""
    for key in sorted(one.keys() | other.keys()):
        left, right = one.get(key), other.get(key)
        if left is None or right is None or not all(map(isclose, left, right)):
            return f"{' '.join(key)}: {left} and {right}"
    return None


def _all_equal(tables: dict[str, Path]) -> bool:
    names = list(tables)
    expected = read_figures(tables[names[0]]) if names else {}
    differences = {name: first_difference(expected, read_figures(tables[name])) for name in names[1:]}
    for name, difference in differences.items():
        verdict = f"DIFFERENT at {difference}" if difference else f"the same {len(expected)} rows"
        print(f"{tables[names[0]].name} and {tables[name].name}: {verdict}")
    return not any(differences.values())


def _print_table(runs: dict[str, list[Run]], trees: dict[str, int]) -> None:
    print(f"{'':13}{'wall s':>9}{'(min-max)':>15}{'ratio':>8}{'largest MiB':>13}{'tree MiB':>10}")
    walls = {name: [run.wall_s for run in of_name] for name, of_name in runs.items()}
    for name, wall in walls.items():
        ratio = f"{median(wall) / median(walls['duckdb']):.2f}" if "duckdb" in walls else "-"
        spread = f"{min(wall):.2f}-{max(wall):.2f}"
        largest = max(run.largest_bytes for run in runs[name]) / MIB
        print(f"{name:13}{median(wall):9.2f}{spread:>15}{ratio:>8}{largest:13.0f}{trees[name] / MIB:10.0f}")
