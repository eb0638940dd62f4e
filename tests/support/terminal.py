"""A command on a real pseudo-terminal, as a person sees it."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time
from typing import TYPE_CHECKING

from tests.support.forked import start
from tests.support.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def on_terminal(command: Sequence[str], environment: Mapping[str, str], columns: int = 80) -> str:
    """Run a command on a terminal of so many columns, and give all that it wrote there, control sequences too."""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    shown = {"TERM": "xterm-256color", "NO_COLOR": "", "COLUMNS": ""}
    process = start({**shown, **environment}, os.ttyname(terminal), command)
    written, end = b"", time.monotonic() + PATIENCE_S
    try:
        while time.monotonic() < end:
            ready, _, _ = select.select([main], [], [], 0.2)
            if ready:
                written += os.read(main, 65536)
            elif not process.is_alive():
                break
    finally:
        process.kill()
        process.join()
        os.close(main)
        os.close(terminal)
    return written.decode().replace("\r\n", "\n")
