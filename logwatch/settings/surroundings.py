"""What this process stands in: its folders, its names, where it runs."""

import os
import platform
import secrets
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from logwatch.errors import ConfigError


def default_state() -> Path:
    """Give the file where the state lives if nothing is set: beside the user's other program state. Raises ConfigError."""
    if folder := _own_folder("XDG_STATE_HOME", "~/.local/state"):
        return folder / "state.json"
    hint = "set it to a file, or to gs://BUCKET/NAME.json"
    raise ConfigError("this user has no home folder for the state", where="LOGWATCH_STATE", hint=hint)


def default_cache() -> Path | None:
    """Give the folder for what was read already and may be forgotten; None where the user has none."""
    return _own_folder("XDG_CACHE_HOME", "~/.cache")


def _own_folder(variable: str, usual: str) -> Path | None:
    """Give the program's folder below one of the user's; None where nobody knows the user's home, as in a container."""
    with suppress(RuntimeError):
        return Path(os.environ.get(variable) or usual).expanduser() / "logwatch"
    return None


def execution() -> str:
    """Give this run's name: Cloud Run's for the execution and attempt, or this process on this machine."""
    cloud = os.environ.get("CLOUD_RUN_EXECUTION")
    attempt = os.environ.get("CLOUD_RUN_TASK_ATTEMPT", "0")
    return f"{cloud}.{attempt}" if cloud else f"{platform.node()}.{os.getpid()}"


def task() -> tuple[int, int]:
    """Give the place of this task among those of a Cloud Run job's execution, and how many there are; elsewhere it is alone."""
    index, count = (os.environ.get(f"CLOUD_RUN_TASK_{name}", "") for name in ("INDEX", "COUNT"))
    known = index.isdecimal() and count.isdecimal() and int(index) < int(count)
    return (int(index), int(count)) if known else (0, 1)


def instance() -> str:
    """Give this process's name among all that may serve at once: on Cloud Run every one of them is process 1 of `localhost`."""
    return f"{os.environ.get('K_REVISION') or platform.node()}.{os.getpid()}.{secrets.token_hex(3)}"


def process_age_s() -> float:
    """Give the seconds since this process began, Python's own start among them; 0 where the system does not say."""
    try:
        ticks = int(Path("/proc/self/stat").read_bytes().rpartition(b")")[2].split()[19])
        return max(time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK"), 0.0)
    except (OSError, ValueError, LookupError, AttributeError):  # no Linux
        return 0.0


def is_on_cloud_run() -> bool:
    """Tell whether this is a container of Cloud Run, whose files go with it."""
    return bool(os.environ.get("K_SERVICE") or os.environ.get("CLOUD_RUN_JOB"))


def deployed_timeout() -> timedelta | None:
    """Give after how long Cloud Run ends what is deployed, as deploy/setup.sh tells doctor; None where nobody does."""
    text = os.environ.get("DEPLOYED_TIMEOUT", "")
    return timedelta(seconds=int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else None


def default_port() -> int:
    """Give the port to serve on if none is named: $PORT, as Cloud Run sets it, or 8080. Raises ConfigError."""
    text = os.environ.get("PORT") or "8080"
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        raise ConfigError(f"'{text[:20]}' is not a valid port", where="PORT", hint="use a number from 1 to 65535")
    return int(text)


def bundled(name: str) -> Path:
    """Give a folder that ships with the program: rules or templates."""
    package = Path(__file__).parent.parent
    packed = package / "_bundled" / name
    return packed if packed.is_dir() else package.parent / name
