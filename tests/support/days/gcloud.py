"""gcloud for scripts, as the real one: every command goes to it, and what it asked and said is remembered.

A command that comes again is answered from memory where the project gives the same answers to the same requests: its requests are made anew,
so that what they change is changed. Nothing of gcloud is rewritten here. Without gcloud on this machine, what is not remembered is an error.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from tests.support.local_cloud import OWNER, is_look
from tests.support.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.support.days.project import Project

STUB = """#!/bin/bash
piped=
case " $* " in *" --data-file=- "*) IFS= read -rd '' piped ;; esac
exec 3<>/dev/tcp/127.0.0.1/PORT
{
    printf '%s\\0' "$#" "$@" "$piped" "$PWD"
    for each in "${!CLOUDSDK_@}" "${!LC_@}" LANG; do printf '%s\\0' "$each=${!each}"; done
    printf '\\0'
} >&3
IFS= read -rd '' out <&3
IFS= read -rd '' err <&3
IFS= read -rd '' code <&3 || exit 130
printf '%s' "$out"
printf '%s' "$err" >&2
exit "$code"
"""
"""What stands on the scripts' path: it starts no other program."""

ARCHIVE = "--x\n\n{}\n--x\n\nan archive\n--x--"
"""What is uploaded when the source of a build is uploaded again."""

Key = tuple[str, ...]


PASSING_FOLDER = re.escape(tempfile.gettempdir()) + r"/\w+(/\d+)?"
"""Where things stood while they were written down, which is nobody else's business."""


@dataclass(frozen=True)
class Request:
    """What gcloud asked of the project, and what came back."""

    method: str
    url: str
    body: str
    answer: str
    """A digest: what is not as it was then is another answer."""


@dataclass(frozen=True)
class Command:
    """A command and its end: what it asked for on its way, in order, and what it printed."""

    requests: tuple[Request, ...]
    code: int
    out: str
    err: str


@dataclass
class Memory:
    """Every command that the real gcloud has run, by its words and the contents of the files they name."""

    commands: dict[Key, list[Command]] = field(default_factory=dict)
    used: list[tuple[Key, Command]] = field(default_factory=list)

    def dump(self) -> str:
        """Give what was used as a document: one line a command, one a request."""
        lines = []
        for key, command in dict.fromkeys(self.used):
            out, err = (re.sub(PASSING_FOLDER, "/folder", each) for each in (command.out, command.err))
            lines.append(json.dumps({"gcloud": key, "code": command.code, "out": out, "err": err}, ensure_ascii=False))
            lines += [
                json.dumps([each.method, each.url, each.body, each.answer], ensure_ascii=False) for each in command.requests
            ]
        return "\n".join(lines) + "\n"

    @classmethod
    def load(cls, lines: Iterable[str]) -> Self:
        """Read such a document."""
        memory = cls()
        commands: list[tuple[dict[str, Any], list[Request]]] = []
        for line in lines:
            found = json.loads(line)
            if isinstance(found, dict):
                commands.append((found, []))
            else:
                commands[-1][1].append(Request(*found))
        for head, requests in commands:
            command = Command(tuple(requests), head["code"], head["out"], head["err"])
            memory.commands.setdefault(tuple(head["gcloud"]), []).append(command)
        return memory


class Gcloud:
    """A gcloud on a path of its own, from `with` to its end, that talks to one project after another."""

    def __init__(self, folder: Path, memory: Memory) -> None:
        self.folder = folder
        self.memory = memory
        self.project: Project
        self.started = 0
        """How many commands the real one has run."""
        self.answered = 0
        """How many were answered from memory."""
        self.called: Callable[[str], None] = lambda _: None
        """Told of whose command runs now; raises InterruptedError where it is not to run any more."""
        self._running = 0
        self._recorded: dict[str, list[Request]] = {}
        self._server = _Server(("127.0.0.1", 0), type("Call", (_Call,), {"gcloud": self}))
        self._real: subprocess.Popen[bytes] | None = None
        self._port = 0

    def __enter__(self) -> Self:
        stub = self.folder / "bin" / "gcloud"
        stub.parent.mkdir(parents=True)
        stub.write_text(STUB.replace("PORT", str(self._server.server_address[1])))
        stub.chmod(0o755)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        if self._real:
            self._real.terminate()
            self._real.wait()

    def wait(self) -> None:
        """Let every command come to its end, also one whose script is dead."""
        while self._running:
            time.sleep(0.002)

    def serve(self, project: Project) -> None:
        """Let commands talk to this project from now on."""
        self.project = project
        project.watch = self._seen

    def environment(self, **more: str) -> dict[str, str]:
        """Give a script's environment."""
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"  # noqa: TID251 - the rest of the path is kept
        return {"PATH": path, "HOME": str(self.folder), "LOGWATCH_DEPLOY_WAIT": "0", "TERM": "dumb", **more}

    def run(self, arguments: list[str], stdin: str, where: str, environment: Mapping[str, str]) -> Command:
        """Run one command, or remember what it did."""
        key = self._key(arguments, stdin, where, environment)
        account = Path(environment.get("CLOUDSDK_AUTH_ACCESS_TOKEN_FILE", f"token-{OWNER}")).name.removeprefix("token-")
        self.called(account)
        command = self._remembered(key, account)
        if command:
            self.answered += 1
        else:
            command = self._ran(arguments, stdin, account, environment)
            self.memory.commands.setdefault(key, []).append(command)
        self.memory.used.append((key, command))
        return command

    def _key(self, arguments: list[str], stdin: str, where: str, environment: Mapping[str, str]) -> Key:
        """Give what a command's requests depend on, but for the project: names of temporary files do not count, their contents do."""
        words = [_content(word, Path(where)) for word in arguments]
        wanted = {name: value for name, value in environment.items() if name.startswith("CLOUDSDK_") and "TOKEN" not in name}
        usual = {"CLOUDSDK_CORE_DISABLE_PROMPTS": "1"}
        more = [f"{name}={value}" for name, value in sorted(wanted.items()) if usual.get(name) != value]
        return (*words, *([f"< {stdin}"] if stdin else []), *more)

    def _remembered(self, key: Key, account: str) -> Command | None:
        """Make a command's requests again as long as they are answered as they were."""
        left = self.memory.commands.get(key, [])
        if not left:
            return None
        before, step = None, 0
        while not any(len(each.requests) == step for each in left):
            asked = left[0].requests[step]
            if before is None and not is_look(asked.method, asked.url.partition("?")[0]):
                before = self.project.snapshot()
            answer = _digest(*self.project.reply(account, asked.method, asked.url, asked.body.encode()))
            left = [each for each in left if each.requests[step].answer == answer]
            step += 1
            if not left:
                if before is not None:
                    self.project.restore(before)
                return None
        return next(each for each in left if len(each.requests) == step)

    def _ran(self, arguments: list[str], stdin: str, account: str, environment: Mapping[str, str]) -> Command:
        if not shutil.which("gcloud"):
            raise LookupError(f"this is not remembered, and gcloud is missing: {arguments}")
        self.started += 1
        self._recorded[account] = []
        told = {**self.project.environment, "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": self.project.login(account), **environment}
        with socket.create_connection(("127.0.0.1", self._real_port())) as connection, connection.makefile("rw") as line:
            json.dump({"arguments": arguments, "stdin": stdin, "environment": told}, line)
            line.write("\n")
            line.flush()
            answer = json.loads(line.readline())
        return Command(tuple(self._recorded.pop(account)), answer["code"], answer["out"], answer["err"])

    def _real_port(self) -> int:
        if not self._real:
            root = Path(str(shutil.which("gcloud"))).resolve().parents[1]
            python = next(iter(root.glob("platform/bundledpythonunix/bin/python3")), "python3")
            port = self.folder / "port"
            ready = Path(__file__).parent / "gcloud_ready.py"
            self._real = subprocess.Popen([python, "-S", ready, root / "lib" / "gcloud.py", port], env=self.project.environment)
            until = time.monotonic() + PATIENCE_S
            while not (port.exists() and port.read_text()):
                if self._real.poll() is not None or time.monotonic() > until:
                    raise RuntimeError("gcloud does not start")
                time.sleep(0.02)
            self._port = int(port.read_text())
        return self._port

    def _seen(self, account: str, method: str, url: str, raw: bytes, status: int, document: Any) -> None:
        if account in self._recorded:
            body = ARCHIVE if "/upload/" in url else raw.decode()
            self._recorded[account].append(Request(method, url, body, _digest(status, document)))


def _content(word: str, where: Path) -> str:
    """Give a word of a command line with what a file that it names holds in its place."""
    option, _, path = word.rpartition("=")
    if not path or path == "-" or ("/" not in path and not option):
        return word
    file = where / path
    try:
        if file.is_file():
            return f"{option}=@{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"
        if file.is_dir() and option == "":
            return "@folder"
    except OSError:  # a value that is no path
        pass
    return word


def _digest(status: int, document: Any) -> str:
    text = json.dumps([status, document], sort_keys=True)
    # What was uploaded is not told apart: it is another archive each time.
    return hashlib.sha256(re.sub(r'"(size|md5Hash)": "[^"]*"', "", text).encode()).hexdigest()[:12]


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True


class _Call(socketserver.BaseRequestHandler):
    """One call of the program on the scripts' path."""

    gcloud: Gcloud
    _left = b""

    def handle(self) -> None:
        self.gcloud._running += 1
        try:
            self._answer()
        except (InterruptedError, OSError):
            pass  # whoever called is dead
        finally:
            self.gcloud._running -= 1

    def _answer(self) -> None:
        arguments = [self._word() for _ in range(int(self._word()))]
        stdin, where = self._word(), self._word()
        environment = {}
        while each := self._word():
            name, _, value = each.partition("=")
            environment[name] = value
        try:
            command = self.gcloud.run(arguments, stdin, where, environment)
        except LookupError as missing:
            command = Command((), 70, "", f"{missing}\n")
        self.request.sendall(b"".join(part.encode() + b"\0" for part in (command.out, command.err, str(command.code))))

    def _word(self) -> str:
        while b"\0" not in self._left:
            read = self.request.recv(65536)
            if not read:
                raise InterruptedError
            self._left += read
        word, _, self._left = self._left.partition(b"\0")
        return word.decode()
