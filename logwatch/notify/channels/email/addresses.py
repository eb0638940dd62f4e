"""Addresses as people write them into a setting, read by the standard library's own parser of headers."""

from __future__ import annotations

import re
from email.errors import ObsoleteHeaderDefect
from email.headerregistry import Address
from email.policy import default
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

RIGHT = "use e.g. ops@example.com, or '관제 <ops@example.com>, \"Kim, Minsu\" <minsu@example.com>'"


def read_addresses(text: str) -> tuple[Address, ...]:
    """Read addresses with commas between them; raises ValueError that names what is none.

    A domain becomes ASCII, since not every server takes another; a name before the address may hold anything.

    >>> [each.addr_spec for each in read_addresses('"Kim, Minsu" <m@example.com>, 관제 <ops@테스트.한국>')]
    ['m@example.com', 'ops@xn--9t4b11yi5a.xn--3e0b707e']
    """
    found = _parse(text)
    if not found:
        wrong = next((part.strip() for part in re.split(_COMMA, text) if part.strip() and not _parse(part)), text)
        semicolons = "; addresses have commas between them" if ";" in wrong else ""
        raise ValueError(f"'{wrong[:100]}' is not a valid mail address{semicolons}; {RIGHT}")
    return found


_COMMA = r',(?=(?:[^"]*"[^"]*")*[^"]*$)'
"""A comma outside of quotes."""


def _parse(text: str) -> tuple[Address, ...]:
    """Give the addresses of a text; none where any of it is none."""
    try:
        header: Any = default.header_factory("To", text)
        defects = [defect for defect in header.defects if not isinstance(defect, ObsoleteHeaderDefect)]
        return () if defects else tuple(map(_plain, header.addresses))
    except (IndexError, ValueError):  # the parser's own on what is cut off; a domain that has no ASCII form
        return ()


def _plain(address: Address) -> Address:
    return Address(address.display_name, address.username, address.domain.encode("idna").decode())


def envelope(addresses: Sequence[Address]) -> list[str]:
    """Give the bare addresses, as the server is told them, each once."""
    return list(dict.fromkeys(address.addr_spec for address in addresses))
