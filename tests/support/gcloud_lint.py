"""What gcloud itself says of commands that are told to people or typed by scripts."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

from tests.conftest import ROOT
from tests.support.patience import PATIENCE_S

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def wrong_commands(commands: Sequence[str], folder: Path) -> dict[str, str]:
    """Give the commands that gcloud does not take, each with what it says."""
    listed = folder / "commands.json"
    listed.write_text(json.dumps([{"command_string": command} for command in commands]))
    once = {"CLOUDSDK_PYTHON_ARGS": f"-S {ROOT}/tests/support/gcloud_once.py", "CLOUDSDK_CONFIG": str(folder / "gcloud")}
    checked = subprocess.run(
        ["gcloud", "meta", "lint-gcloud-commands", f"--commands-file={listed}", "--serialize"],  # noqa: S607 - gcloud is where it is
        env=os.environ | once,  # noqa: TID251 - gcloud needs its path
        capture_output=True,
        check=True,
        timeout=PATIENCE_S,
    )
    verdicts = [found for each in json.loads(checked.stdout).values() for found in (each if isinstance(each, list) else [each])]
    assert len(verdicts) == len(commands)
    return {found["command_string"]: found["error_message"] for found in verdicts if not found["success"]}
