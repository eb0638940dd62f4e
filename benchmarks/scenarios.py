"""Judge the log simulator's scenarios with `logwatch backtest`, and score that: `python -m benchmarks.scenarios SALT…`.

Recordings and what was sent on them are kept in .cache, under a hash of the simulator's and of the program's text: what was
interrupted goes on where it stopped. Of older texts one is kept. The exit code is 1 where a healthy recording spoke, or a
death of everything was not told.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.hours import SIMULATOR
from benchmarks.scorer import Message, Scored, print_scores, score
from logwatch.cli.main import app
from logwatch.errors import LogwatchError

if TYPE_CHECKING:
    from collections.abc import Iterable

CACHE = Path(".cache")
PROGRAM = ("logwatch/**/*.py", "logwatch/**/*.json", "rules/*")
"""What decides what is sent."""
ABSENT = "the log simulator's packages are missing\n  hint: npm ci --prefix tools/log-simulator"
VERSIONS = 2
"""Texts of which what was found is kept."""


@cache
def digest(*patterns: str) -> str:
    """Give a short hash of the files that match."""
    found = sorted(path for pattern in patterns for path in Path().glob(pattern) if path.is_file())
    whole = hashlib.sha256()
    for path in found:
        whole.update(f"{path}\0".encode() + path.read_bytes())
    return whole.hexdigest()[:12]


@cache
def kept(name: str, version: str) -> Path:
    """Give the folder of what one text found, and remove those of texts that are long gone."""
    folder = CACHE / name / version
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    for old in sorted(folder.parent.iterdir(), key=lambda each: each.stat().st_mtime)[:-VERSIONS]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def kinds() -> list[str]:
    """Name all kinds of scenario."""
    with tempfile.TemporaryDirectory() as folder:
        _describe("any", Path(folder))
        return [each["kind"] for each in json.loads((Path(folder) / "truth.json").read_text())]


def _describe(salt: str, folder: Path, *wanted: str) -> None:
    subprocess.run([sys.executable, SIMULATOR / "scenarios.py", salt, folder, *wanted], check=True, capture_output=True)


def recorded(kind: str, salt: str) -> Path:
    """Give the folder of a recording and its truth, made where it is not there yet."""
    if not (SIMULATOR / "node_modules").is_dir():
        raise SystemExit(ABSENT)
    version = digest(f"{SIMULATOR}/*.mjs", f"{SIMULATOR}/*.py", f"{SIMULATOR}/package-lock.json")
    folder = kept("scenarios", version) / f"{kind}-{salt}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=folder.parent) as beside:
            made = Path(beside) / "made"
            _describe(salt, made, kind)
            subprocess.run(["node", SIMULATOR / "fleet.mjs", made / "specs.json"], check=True)
            made.rename(folder)
    return folder


def backtested(kind: str, salt: str) -> list[Message]:
    """Give the messages that logwatch would have sent on a recording."""
    found = kept("messages", digest(*PROGRAM)) / f"{kind}-{salt}.json"
    if not found.exists():
        recording, beside = recorded(kind, salt) / f"{kind}-{salt}.ndjson", found.with_suffix(".new")
        beside.unlink(missing_ok=True)
        try:
            app(["backtest", str(recording), "--format", "json", "--output", str(beside)], standalone_mode=False)
        except LogwatchError as error:
            raise SystemExit(f"{recording}: {error}") from None
        told = json.loads(beside.read_text(encoding="utf-8"))["notifications"]
        beside.write_text(json.dumps(told), encoding="utf-8")
        beside.rename(found)
    return list(json.loads(found.read_text(encoding="utf-8")))


def _judged(pair: tuple[str, str]) -> Scored:
    (truth,) = json.loads((recorded(*pair) / "truth.json").read_text(encoding="utf-8"))
    return score(truth, backtested(*pair))


def judged(wanted: Iterable[tuple[str, str]]) -> list[Scored]:
    """Score these kinds and salts, on every core; each process imports what a backtest needs once."""
    pairs, scored = list(wanted), list[Scored]()
    with ProcessPoolExecutor() as pool:
        for each in pool.map(_judged, pairs):
            scored.append(each)
            if len(scored) % 20 == 0 or len(scored) == len(pairs):
                print(f"scenarios: {len(scored)} of {len(pairs)}", file=sys.stderr)
    return scored


def wrong(scored: Iterable[Scored]) -> list[str]:
    """Name the kinds that break what must hold of every recording."""

    def bad(each: Scored) -> bool:
        dies = each.kind == "everything-dies"
        return bool(each.healthy and each.messages) or (dies and not all(one.delay.seen for one in each.told))

    return sorted({each.kind for each in scored if bad(each)})


def main() -> int:
    """Print a line for each kind; gives 1 where a healthy recording spoke, or a death was not told."""
    scored = judged([(kind, salt) for kind in kinds() for salt in sys.argv[1:]])
    print_scores(scored)
    broken = wrong(scored)
    print("WRONG: " + ", ".join(broken) if broken else "no healthy recording spoke, and every death was told")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
