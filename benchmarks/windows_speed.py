"""How long `logwatch windows` takes over recorded lines beside other programs, and whether all come to the same figures."""

import csv
import gzip
import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from math import isclose
from pathlib import Path

import zstandard

from benchmarks.make_input import COUNTER_SETS, INPUT_FOLDER, MB, Mix, make_input
from benchmarks.processes import MIB, Command, Run, interleaved, logwatch_command

HERE = Path(__file__).parent
Figures = dict[tuple[str, str], tuple[float, ...]]
LIMIT = "limit"
RIVALS = ("duckdb", "duckdb_known", "polars", "clickhouse", LIMIT)
NAMING = {"duckdb_known", "polars"}
"""Those that must be told the counters' keys."""
HELD_WHOLE, MOST_HELD = "polars", 500 * MB
"""The one that holds everything a file says at once, 20 GB for a gigabyte of it; and up to which size it is measured."""
A_DAY = 100 * MB
"""Bytes up to which a file is of a day."""
AGAINST = "duckdb"
"""What ratios are of: SQL that keeps any key."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What files are measured with."""

    rivals: str
    """The Python that has the other programs."""
    against: Sequence[str]
    """Which of them are measured."""
    rounds: int
    folder: Path
    """Where tables are written."""
    limit: Path | None
    """The program in C; None where there is no compiler."""


def compare_windows(
    mixes: Sequence[Mix], scale: float, rounds: int, rivals: tuple[str, Sequence[str]], packed: Sequence[str] = ()
) -> bool:
    """Print a table for each file, which is there only as long; True when every command ran and all came to the same figures.

    `rivals` are the Python that has the other programs, and their names; of the files `packed`, .gz and .zst are measured too.
    """
    well = True
    with tempfile.TemporaryDirectory() as folder:
        limit = _compiled(Path(folder)) if LIMIT in rivals[1] else None
        bench = Bench(*rivals, rounds, Path(folder), limit)
        for mix in mixes:
            with _written(mix, scale) as source:
                well &= _compare(mix, source, bench)
                for pack in (_pack_gzip, _pack_zstd) if mix.name in packed else ():
                    path = pack(source)
                    well &= _compare(mix, path, bench)
                    path.unlink()
    return well


@contextmanager
def _written(mix: Mix, scale: float) -> Iterator[Path]:
    """Write a file for as long as it is measured; one of a day has its size whatever the scale."""
    source = INPUT_FOLDER / f"{mix.name}.ndjson"
    make_input(source, mix, int(mix.size * scale) if mix.size > A_DAY else mix.size)
    try:
        yield source
    finally:
        source.unlink()


def _compare(mix: Mix, source: Path, bench: Bench) -> bool:
    size, keys = source.stat().st_size / MB, len(COUNTER_SETS[mix.keys])
    kept = f"{mix.kept:.0%} of its lines kept"
    print(f"\n{source.name}: {size:,.0f} MB, {kept}, {mix.instances} instances, {keys} keys, {mix.order}")
    commands = windows_commands(mix, source, bench)
    runs = interleaved(commands, bench.rounds)
    _print_table({name: of_name for name, of_name in runs.items() if of_name})
    with ProcessPoolExecutor(1) as apart:  # what this process has ever held would count as that of those that it starts
        equal = apart.submit(_all_equal, {name: bench.folder / f"{name}.csv" for name in runs}).result()
    return equal and runs.keys() == commands.keys()


def windows_commands(mix: Mix, source: Path, bench: Bench) -> dict[str, Command]:
    """Give the ways to the same table, those that are installed; each writes NAME.csv into the bench's folder."""
    names = bench.folder / "keys.json"
    names.write_text(json.dumps([key for key, *_ in COUNTER_SETS[mix.keys]]), encoding="utf-8")
    logwatch = [logwatch_command(), "windows", "--source", str(source), "--format", "csv", "--table", "counters"]
    commands = {"logwatch": Command(logwatch, stdout=bench.folder / "logwatch.csv")}
    for name in (each for each in bench.against if each != LIMIT and _installed(bench.rivals, each)):
        if name == HELD_WHOLE and source.stat().st_size > MOST_HELD:
            continue
        told = [str(names)] if name in NAMING else []
        script, out = str(HERE / f"with_{name}.py"), str(bench.folder / f"{name}.csv")
        commands[name] = Command([bench.rivals, script, str(source), out, *told])
    if bench.limit and source.suffix == ".ndjson":
        commands[LIMIT] = Command([str(bench.limit), str(source), str(bench.folder / f"{LIMIT}.csv")])
    return commands


@cache
def _installed(rivals: str, name: str) -> bool:
    """Tell whether another program is there, and say where it is not."""
    module = {"duckdb_known": "duckdb", "clickhouse": "chdb"}.get(name, name)
    there = subprocess.run([rivals, "-c", f"import {module}"], capture_output=True, check=False).returncode == 0
    if not there:
        print(f"{name} is not measured: {rivals} has no {module}")
    return there


def _compiled(folder: Path) -> Path | None:
    """Compile the program in C, where there is a compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        print("the limit is not measured: there is no C compiler")
        return None
    subprocess.run([compiler, "-O3", "-pthread", "-o", str(folder / "limit"), str(HERE / "limit.c")], check=True)
    return folder / "limit"


def read_figures(path: Path) -> Figures:
    """Minute and series with the numbers that follow; the header is left out."""
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
        if difference:
            print(f"{names[0]} and {name}: DIFFERENT at {difference}")
    if not any(differences.values()):
        print(f"all came to the same {len(expected):,} rows")
    return not any(differences.values())


def _print_table(runs: dict[str, list[Run]]) -> None:
    print(f"{'':14}{'wall s':>8}{'ratio':>7}{'cpu s':>8}{'ratio':>7}{'largest MiB':>13}")
    least = {name: (min(run.wall_s for run in of_name), min(run.cpu_s for run in of_name)) for name, of_name in runs.items()}
    for name, figures in least.items():
        ratios = (f"{own / other:.2f}" for own, other in zip(figures, least.get(AGAINST, figures), strict=True))
        cells = "".join(f"{figure:8.2f}{ratio:>7}" for figure, ratio in zip(figures, ratios, strict=True))
        print(f"{name:14}{cells}{max(run.largest_bytes for run in runs[name]) / MIB:13.0f}", flush=True)


def _pack_gzip(source: Path) -> Path:
    packed = source.with_name(source.name + ".gz")
    with source.open("rb") as file, gzip.open(packed, "wb", compresslevel=5) as target:
        shutil.copyfileobj(file, target)
    return packed


def _pack_zstd(source: Path) -> Path:
    packed = source.with_name(source.name + ".zst")
    with source.open("rb") as file, packed.open("wb") as target:
        zstandard.ZstdCompressor(level=3).copy_stream(file, target)
    return packed
