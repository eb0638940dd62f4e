"""The line of progress on a real terminal."""

from __future__ import annotations

import os
import re
import threading
import time
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

from tests.conftest import LOGS, ROOT
from tests.support.terminal import on_terminal

if TYPE_CHECKING:
    from pathlib import Path


def test_the_clock_runs_while_nothing_is_heard_and_every_part_is_named(tmp_path: Path) -> None:
    """The lines come slowly through a pipe; then the minutes are replayed."""
    pipe = tmp_path / "p"
    os.mkfifo(pipe)

    def feed() -> None:
        lines = (ROOT / LOGS / "storm.ndjson").read_bytes().splitlines(keepends=True)
        with pipe.open("wb", buffering=0) as file:
            file.writelines(lines[:100])
            time.sleep(3.5)
            file.writelines(lines[100:])

    feeding = threading.Thread(target=feed)
    feeding.start()
    shown = Text.from_ansi(
        on_terminal(["backtest", str(pipe), "--since", "2020-01-01 00:00"], {"LOGWATCH_LANG": "ko"}).replace("\r", "\n")
    ).plain
    feeding.join()
    drawn = [line for line in shown.splitlines() if re.search(r"  0:\d\d", line)]
    assert len({*re.findall(r"읽는 중  (?:\S+ +\d+ %  )?(0:\d\d)", shown)}) >= 3
    assert re.search(r"1분 단위로 판정 중  [━─]+ +\d+ %  0:\d\d", shown)
    assert re.search("(?m)^기록은 .*부터 있습니다", shown)  # a note stands on a line of its own
    assert max(map(cell_len, drawn)) <= 80
