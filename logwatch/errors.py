"""What can go wrong, each with the place and the mend."""


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


class RuleError(LogwatchError):
    """Rules, their cases or the runbook are wrong; one error for each place."""


class SourceError(LogwatchError):
    """Log entries could not be read, so nothing can be determined."""

    exit_code = 3
