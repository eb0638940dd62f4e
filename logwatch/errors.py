"""What can go wrong, each with the place and the mend."""

from datetime import timedelta
from difflib import get_close_matches


class LogwatchError(Exception):
    """Something stopped the work: what, where, and how to mend it."""

    exit_code = 2

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        """`where` is a file:line, an option or an address; `hint` says what would have been right."""
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        """Give the lines as a terminal prints them."""
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head}\n  hint: {self.hint}" if self.hint else head


class ConfigError(LogwatchError):
    """An option, argument or environment variable is wrong."""


class UnknownSettingError(ConfigError):
    """A name that looks like a setting means none."""

    def __init__(self, message: str, *, typed: str, meant: str, known: list[str], where: str | None = None) -> None:
        """`typed` is what stands there; `meant` is it as the known names are written, the nearest of which is hinted at."""
        super().__init__(message, where=where, hint=f"{nearest(meant, known)}'logwatch settings' lists all")
        self.typed = typed
        self.near = next(iter(lookalikes(meant, known)), "")


class RuleError(LogwatchError):
    """Rules, their cases or the runbook are wrong; one error for each place."""


class SourceError(LogwatchError):
    """Log entries could not be read, so nothing can be determined."""

    exit_code = 3


class StoreError(LogwatchError):
    """The state could not be read or saved, so nothing that must be remembered can be done."""

    exit_code = 3


class BrokenStateError(StoreError):
    """The state's document is there and cannot be understood."""


class ConflictError(StoreError):
    """Somebody else saved the state since it was loaded."""


class ExportError(LogwatchError):
    """Metrics could not be written; they are kept and written by a later run."""


class ChannelError(LogwatchError):
    """A message could not be delivered."""

    def __init__(
        self, message: str, *, permanent: bool = False, retry_after: timedelta | None = None, where: str | None = None,
        hint: str | None = None,
    ) -> None:  # fmt: skip
        """`permanent` says that trying the same again cannot help; `retry_after` is how long the other side asked to wait."""
        super().__init__(message, where=where, hint=hint)
        self.permanent = permanent
        self.retry_after = retry_after


class UnforeseenError(LogwatchError):
    """An error of logwatch itself, without the words of what was raised: they may hold anything."""

    exit_code = 1


class RefusedPartError(ChannelError):
    """A channel takes the message, but not with this part of it: it is sent again without, and that is remembered."""

    def __init__(self, part: str, *, where: str) -> None:
        """`part` is what such parts are called in the state."""
        super().__init__(f"takes no {part}", permanent=True, where=where)
        self.part = part


def lookalikes(name: str, names: list[str]) -> list[str]:
    """Give the known names that look most like one, the nearest first."""
    return get_close_matches(name, names, n=3)


def nearest(name: str, names: list[str]) -> str:
    """Give a hint at the known name that looks most like this one, if any does."""
    near = get_close_matches(name, names, n=1)
    return f"did you mean '{near[0]}'? " if near else ""
