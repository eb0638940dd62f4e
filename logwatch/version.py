"""Which commit this is: the one that a wheel was built from, or the one of the clone that it runs in."""

import subprocess
from pathlib import Path

PACKED = "_bundled/commit"
"""Where the build leaves it in a wheel, below the package (tools/commit_hook.py)."""


def commit() -> str:
    """Give the commit, with a `+` where files were changed since; empty where nobody knows."""
    package = Path(__file__).parent
    try:
        return (package / PACKED).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return commit_of(package.parent)


def commit_of(folder: Path) -> str:
    """Ask git for the commit of a clone; empty where this is none, or git is missing."""
    if not (folder / ".git").exists():
        return ""
    command = ["git", "-C", str(folder), "describe", "--always", "--abbrev=9", "--dirty=+", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, check=True, encoding="ascii").stdout.strip()  # noqa: S603 - our own words
    except (OSError, subprocess.CalledProcessError):
        return ""
