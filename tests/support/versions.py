"""Versions of the program of before, run as their images do; and a month in which an installation goes from one to another and back."""

from __future__ import annotations

import io
import random
import re
import shutil
import subprocess
import sys
import tarfile
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.conftest import ROOT, clean_environment
from tests.support.local_google import make_entry
from tests.support.made_traffic import SHOPS, START, Incident, Traffic
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SCHEMA_2 = "35fd7f53b218ca8a8ee9f8d6cec465a3e67f069c"
"""Of 0.1: `state roll-back` writes what it reads."""
SCHEMA_1 = "7fb3589b2dcadb20e52594eaa9e98ac37910fd1c"
"""Of 0.1 too, and read by no more than this version."""
EACH_DAY = timedelta(minutes=12)
"""How much of each day is lived through: it is judged at its end."""


def unpack(commit: str, folder: Path) -> Path:
    """Install what a commit holds of the program, with its own rules and templates; skips where the history is cut off."""
    packed = subprocess.run(
        [str(shutil.which("git")), "archive", commit, "logwatch", "rules", "templates"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if packed.returncode:
        pytest.skip(f"this checkout has no history back to {commit[:9]}")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as opened:
        opened.extractall(folder, filter="data")
    return folder


def call(world: World, program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Call a version of the program as its image does, in a process of its own."""
    environment = clean_environment(**world.environment, PYTHONPATH=str(program))
    command = [sys.executable, "-m", "logwatch", *words]
    return subprocess.run(command, env=environment, cwd=program, capture_output=True, text=True, check=False)


@dataclass(frozen=True)
class Month:
    """What goes wrong in so many days, and which version runs on each: True is this one, False the one before."""

    seed: int
    versions: tuple[bool, ...]

    @property
    def traffic(self) -> Traffic:
        """An incident every six days or so: one that comes back within the hour would be told as the same."""
        dice = random.Random(self.seed)  # noqa: S311 - made-up days, no secrets
        minutes = len(self.versions) * EACH_DAY // timedelta(minutes=1)
        firsts = range(4, minutes - 18, 74)
        failing = dict.fromkeys(SHOPS, 0.95)
        found = [
            Incident(at, at + dice.randint(6, 10), **dice.choice(({"failing": failing}, {"errors": 2.0}))) for at in firsts
        ]
        return Traffic(self.seed, minutes, incidents=tuple(found))


def drawn_month(seed: int, days: int, *, of_before: int) -> Month:
    """Draw when an installation is upgraded and rolled back; the version before runs on so many days at most."""
    dice = random.Random(seed)  # noqa: S311 - likewise
    versions: list[bool] = []
    now = False
    for _ in range(days):
        versions.append(now or versions.count(False) >= of_before)
        now = versions[-1] if dice.random() < 0.6 else not versions[-1]
    return Month(seed, tuple(versions))


def live_through(month: Month, versions: Sequence[bool], before: Path, folder: Path) -> tuple[Counter[str], int]:
    """Run the version of each day at its end; gives what was told, by its reason and procedure, and how many windows were judged."""
    folder.mkdir()
    judged, ran = 0, versions[0]
    with World(folder, [make_entry(each) for each in month.traffic.entries()], more={"LANG": "en"}) as world:
        for day, this in enumerate(versions, 1):
            if ran and not this:
                rolled = call(world, ROOT, "state", "roll-back")
                assert rolled.returncode == 0, rolled.stderr
            world.now, ran = START + day * EACH_DAY + timedelta(seconds=20), this
            if this:
                judged += world.tick().windows
                continue
            done = call(world, before, "run")
            assert done.returncode == 0, done.stderr
            judged += int(re.findall(r'"windows": ?(\d+)', done.stdout)[-1])
        return Counter(_told(str(mail["subject"])) for mail in world.smtp.mails), judged


def _told(subject: str) -> str:
    """Give what a mail is about in words that are those of every version: whether it is the end, and which procedure."""
    [procedure] = re.findall(r"\b4\.\d\b", subject) or [subject]
    return f"{'the end of' if 'RESOLVED' in subject else 'the beginning of'} {procedure}"
