"""`backtest --state`: a state out of a recording alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from logwatch.state.document import load_state
from tests.conftest import LOGS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Run

PAYMENT = f"{LOGS}/payment.ndjson"


@pytest.mark.long
def test_a_recording_leaves_a_state_to_look_at_and_to_silence(run: Run, tmp_path: Path) -> None:
    kept = tmp_path / "kept.json"
    made = run("backtest", PAYMENT, "--until", "15:35", "--state", kept, "--lang", "en", COLUMNS="400")
    assert made.code == 0
    line = f"LOGWATCH_STATE={kept} LOGWATCH_NOW=2026-02-24T06:35:00Z logwatch alerts"
    assert made.err == f"The state at the end is kept in {kept}. To look at it:\n  {line}\n"
    assert (state := load_state(kept.read_bytes())).notes
    assert (state.outbox, state.points, state.lease) == ((), (), None)
    there = {"LOGWATCH_STATE": str(kept), "LOGWATCH_NOW": "2026-02-24T06:35:00Z", "LOGWATCH_LANG": "en"}
    assert "payment-confirm" in run("alerts", **there).out
    assert run("explain", "payment-confirm", "--shop", "kpa", **there).code == 0
    silence = ["silence", "add", "--rule", "payment-confirm", "--for", "2h", "--reason", "PG", "--shop"]
    assert run(*silence, "kpaa", **there).code == 2
    assert run(*silence, "kpa", **there).code == 0
    assert "kpa" in run("silence", "list", **there).out
    again = run("backtest", PAYMENT, "--state", kept)
    assert (again.code, again.out) == (2, "")
    assert "stands there already" in again.err
    assert load_state(kept.read_bytes()).memory.silences


def test_a_page_leaves_no_state(run: Run, tmp_path: Path) -> None:
    ran = run("backtest", PAYMENT, "--format", "html", "--state", tmp_path / "kept.json")
    assert (ran.code, [*tmp_path.iterdir()]) == (2, [])
