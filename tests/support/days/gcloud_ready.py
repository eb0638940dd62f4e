"""The real gcloud, started once: each command is a child of a process that has everything imported, and costs a tenth of a start.

Run by gcloud's own Python with gcloud's own program and the file into which it writes its port. It takes one command for each
connection, as a line of JSON (`arguments`, `environment`, `stdin`), and answers with one of `code`, `out` and `err`.
"""

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import select
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def command_line() -> Any:
    """Give gcloud's main module, whose command line is built once."""
    sys.path[0] = str(Path(sys.argv[1]).parent)
    gcloud = importlib.import_module("gcloud")
    sys.path = gcloud.reorder_sys_path(sys.path)
    gcloud._fix_google_module()
    main: Any = importlib.import_module("googlecloudsdk.gcloud_main")
    made = functools.cache(functools.partial(main.CreateCLI, []))
    main.CreateCLI = lambda *_: made()
    return main


class Command:
    """One command, from its start to its end."""

    def __init__(self, main: Any, connection: socket.socket) -> None:
        self.connection = connection
        self.asked = json.loads(connection.makefile("r").readline())
        self.streams = [tempfile.TemporaryFile() for _ in ("stdin", "stdout", "stderr", "imported")]  # noqa: SIM115 - closed in the end
        self.streams[0].write(self.asked["stdin"].encode())
        self.streams[0].seek(0)
        self.child = os.fork()
        if not self.child:
            self._become(main)

    def _become(self, main: Any) -> None:
        os.environ.clear()  # noqa: TID251 - this process is gcloud now
        os.environ.update(self.asked["environment"])  # noqa: TID251 - likewise
        for number, stream in enumerate(self.streams[:3]):
            os.dup2(stream.fileno(), number)
        sys.argv = ["gcloud", *self.asked["arguments"]]
        known = set(sys.modules)
        wait: Any = time.sleep
        time.sleep = lambda seconds: wait(min(float(seconds), 0.01))  # what it waits for is done at once here
        code = 1
        try:
            main.main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
        finally:
            self.streams[3].write("\n".join(name for name in sys.modules if name not in known).encode())
            self.streams[3].flush()
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def over(self) -> bool:
        """Tell whether it has ended; then whoever asked has the answer."""
        child, status = os.waitpid(self.child, os.WNOHANG)
        if not child:
            return False
        for stream in self.streams:
            stream.seek(0)
        self.imported = self.streams[3].read().decode().splitlines()
        out, err = (stream.read().decode() for stream in self.streams[1:3])
        answer = {"code": os.waitstatus_to_exitcode(status), "out": out, "err": err}
        with contextlib.suppress(OSError), self.connection:
            self.connection.sendall(json.dumps(answer).encode() + b"\n")
        for stream in self.streams:
            stream.close()
        return True


def learn(main: Any, command: Command) -> None:
    """Have ready what a command needed, for the next of its kind."""
    for name in command.imported:
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    element = main.CreateCLI()._TopElement()
    with contextlib.suppress(Exception):
        for word in command.asked["arguments"]:
            element = element.LoadSubElement(word)
    gc.freeze()


def serve(main: Any, port_file: Path) -> None:
    """Take commands, several at once: a build's last step runs while somebody waits for the build."""
    listening = socket.create_server(("127.0.0.1", 0))
    port_file.write_text(str(listening.getsockname()[1]))
    running: list[Command] = []
    while True:
        ready, _, _ = select.select([listening], [], [], 0.002 if running else None)
        if ready:
            running.append(Command(main, listening.accept()[0]))
        for command in [each for each in running if each.over()]:
            running.remove(command)
            learn(main, command)


if __name__ == "__main__":
    serve(command_line(), Path(sys.argv[2]))
