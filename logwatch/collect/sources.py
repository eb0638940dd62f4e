"""Which sources there are: one file and one line here for each, by the scheme of its addresses."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from logwatch.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from logwatch.collect.interface import Address, Source
    from logwatch.collect.parse import LogShape


class SourceModule(Protocol):
    """What a source's file offers."""

    def parse_address(self, address: str) -> Address:
        """Read an address; raises ConfigError with the form that is right."""
        ...

    def build_source(self, addresses: Sequence[str], settings: Any, shape: LogShape) -> Source:  # noqa: ANN401 - what it names
        """Give the source of addresses of this scheme; nothing is connected yet. Raises ConfigError."""
        ...


@dataclass(frozen=True, slots=True)
class SourceKind:
    """One kind of source."""

    module: str
    """Its file in this folder, which is imported when it is asked for."""
    form: str
    """How its addresses are written."""
    recorded: bool = False
    """Whether it is a recording."""
    looked_back: bool = False
    """Whether it is for looking back only: what is watched is read elsewhere."""

    @property
    def adapter(self) -> SourceModule:
        """The file's own functions."""
        return import_module(f"logwatch.collect.{self.module}")


KINDS = {
    "": SourceKind("files", "a file, folder, '-' (standard input)", recorded=True),
    "gcp": SourceKind("live.cloud_logging", "gcp://PROJECT[/SERVICE]"),  # or that of a view, as docs/data.md has it
    "bq": SourceKind("bigquery.source", "bq://PROJECT.DATASET.VIEW", looked_back=True),
}
FORMS = " or ".join(", ".join(kind.form for kind in KINDS.values()).rsplit(", ", 1))
"""How a source is named, for people."""


def find_kind(addresses: Sequence[str]) -> SourceKind | None:
    """Give the kind of source that addresses are of; None where there is none, or they cannot be read together."""
    schemes = {address.split("://")[0] if "://" in address else "" for address in addresses}
    return KINDS.get(schemes.pop()) if len(schemes) == 1 else None


def is_live(addresses: Sequence[str]) -> bool:
    """Tell whether they name a source that goes on."""
    kind = find_kind(addresses)
    return kind is not None and not kind.recorded


def is_watchable(addresses: Sequence[str]) -> bool:
    """Tell whether they name a source that a run can read minute by minute."""
    kind = find_kind(addresses)
    return kind is not None and not kind.recorded and not kind.looked_back


def build_source(
    addresses: Sequence[str],
    settings: Any,  # noqa: ANN401 - each source names what it needs of them
    shape: Callable[[], LogShape],
) -> Source:
    """Give the source of some addresses, whose entries have a shape; raises ConfigError."""
    return check_addresses(addresses).adapter.build_source(addresses, settings, shape())


def check_addresses(addresses: Sequence[str]) -> SourceKind:
    """Give the kind that addresses are of; raises ConfigError where there is none, or an address is wrong."""
    if not addresses:
        hint = "give --source FILE, --source gcp://PROJECT, or set LOGWATCH_SOURCE"
        raise ConfigError("no source to read from", where="--source", hint=hint)
    if "" in addresses or addresses.count("-") > 1:
        hint = "is a shell variable empty? standard input can be read once"
        raise ConfigError("an empty source, or standard input twice", where="--source", hint=hint)
    if kind := find_kind(addresses):
        for address in addresses:
            kind.adapter.parse_address(address)
        return kind
    for address in addresses:
        if find_kind([address]) is None:
            raise ConfigError("there is no such kind of source", where=address, hint=f"a source is {FORMS}")
    alone = ", ".join(kind.form for kind in KINDS.values() if not kind.recorded)
    hint = f"files go together with files, and {alone} with others of its kind"
    raise ConfigError("these cannot be read together", where=" ".join(addresses), hint=hint)
