"""Judge recordings of the log simulator's scenarios: healthy ones send nothing, and one in which everything dies is told.

`python -m benchmarks.scenarios DIR` reads DIR/truth.json and the recordings beside it, as `make scenarios` has them written.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

START = datetime(2026, 3, 10, tzinfo=UTC)
AFTER = 10
"""Minutes after the end of an incident in which it may still be told."""


def main() -> int:
    """Print a line for each scenario; gives 1 where a healthy one spoke, or a death was not told while it lasted."""
    folder, wrong = Path(sys.argv[1]), 0
    for each in json.loads((folder / "truth.json").read_text()):
        told = backtest(folder / f"{each['name']}.ndjson")
        fired = [(minute(one["at"]), one["rules"]) for one in told if one["reason"] == "firing"]
        delays = [_delay(incident, fired) for incident in each["incidents"]]
        dies = each["kind"] == "everything-dies"
        lasted = [incident["off"] - incident["on"] for incident in each["incidents"]]
        late = dies and any(delay is None or delay > long for delay, long in zip(delays, lasted, strict=True))
        bad = late or (not each["incidents"] and bool(told))
        wrong += bad
        shown = ", ".join("missed" if delay is None else f"{delay:.1f} min" for delay in delays) or "healthy"
        rules = sorted({rule for _, rules in fired for rule in rules})
        print(f"{'WRONG' if bad else '':6}{each['kind']:32}{shown:28}{len(told):4} messages  {', '.join(rules)}")
    return int(wrong > 0)


def backtest(recording: Path) -> list[dict[str, Any]]:
    """Give the messages that a recording would have sent."""
    program = Path(sys.executable).with_name("logwatch")
    ran = subprocess.run([program, "backtest", recording, "--format", "json"], capture_output=True, text=True, check=True)
    return list(json.loads(ran.stdout)["notifications"])


def minute(text: str) -> float:
    """Give a time in minutes of the recording."""
    return (datetime.fromisoformat(text) - START).total_seconds() / 60


def _delay(incident: dict[str, Any], fired: list[tuple[float, list[str]]]) -> float | None:
    """Give how long after its onset an incident was told."""
    hits = [
        at - incident["on"]
        for at, rules in fired
        if incident["on"] - 0.1 <= at <= incident["off"] + AFTER
        and any(fnmatch(rule, wanted) for rule in rules for wanted in incident["rules"])
    ]
    return hits[0] if hits else None


if __name__ == "__main__":
    sys.exit(main())
