"""Which links may be followed, and how long they work."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, TypeAlias

import attrs

from typedpipes._core.addresses import is_loopback, is_usual_port, plain_host
from typedpipes._core.flow import Flow
from typedpipes._core.http import library
from typedpipes.errors import DownloadError

LINK_LIFE: Final = 15 * 60.0
"""Seconds for which a Pipefy file link works."""
PIPEFY_FILE_HOSTS: Final = ("pipefy.com", "amazonaws.com")
"""Hosts of Pipefy's files, with the hosts below them. docs/vendor-facts/pipefy.md#files"""

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

Address: TypeAlias = "ipaddress.IPv4Address | ipaddress.IPv6Address"


@attrs.frozen(repr=False)
class FileLink:
    """A signed link to a file: whoever has ``url`` can read the file, so its query is not shown by ``repr``."""

    url: str
    expires_at: datetime
    """UTC; what the link itself says, and at most 15 minutes after it was given."""

    def __repr__(self) -> str:
        return f"<FileLink {shown(self.url)} until {self.expires_at:%H:%M:%S} UTC>"

    @classmethod
    def seen(cls, url: str, at: float) -> FileLink:
        """A link that was given to us at Unix time ``at``."""
        return cls(url, min(datetime.fromtimestamp(at + LINK_LIFE, UTC), _own_expiry(url)))


class LinkSource(Protocol):
    """Gives the current link of a file; asks the vendor for a new one if ``fresh`` or if it has none."""

    def __call__(self, *, fresh: bool) -> Flow[FileLink]: ...


@attrs.frozen
class LinkPolicy:
    """Which links are followed: https to ``hosts`` and what is below them, on public addresses.

    ``loopback`` also allows this machine, over http too: for clients that themselves talk to a server on it.
    """

    hosts: tuple[str, ...] = PIPEFY_FILE_HOSTS
    loopback: bool = False

    def check(self, url: str | library.URL) -> library.URL:
        """The parsed link. Raises `DownloadError` if it must not be followed; the message omits its secrets."""
        try:
            parsed = library.URL(url)
        except (library.InvalidURL, TypeError, ValueError) as error:
            raise DownloadError("the link to the file is not a URL") from error
        host = plain_host(parsed.host)
        if parsed.userinfo or not host:
            raise DownloadError(f"the link to the file names no plain host: {shown(parsed)}")
        if self.loopback and is_loopback(host) and parsed.scheme in ("http", "https"):
            return parsed
        if parsed.scheme != "https":
            raise DownloadError(f"the link to the file is not https: {shown(parsed)}")
        if not any(host == allowed or host.endswith(f".{allowed}") for allowed in self.hosts):
            raise DownloadError(
                f"the link leads to {host}, which is not among the trusted file hosts ({', '.join(self.hosts)})"
            )
        if not is_usual_port(parsed.scheme, parsed.port):
            raise DownloadError(f"the link to the file uses port {parsed.port}: {shown(parsed)}")
        return parsed

    def check_addresses(self, host: str, addresses: Iterable[str]) -> None:
        """Raise `DownloadError` unless every one of a host's addresses is public (or loopback where allowed)."""
        count = 0
        for text in addresses:
            count += 1
            address = ipaddress.ip_address(text.partition("%")[0])
            if not _is_public(address) and not (self.loopback and is_loopback(host) and is_loopback(str(address))):
                raise DownloadError(f"{host} is at the private address {address}; files are fetched from public ones")
        if count == 0:
            raise DownloadError(f"{host} has no address")


def shown(url: str | library.URL) -> str:
    """A URL fit for messages: without user, query and fragment."""
    try:
        parsed = library.URL(url)
    except (library.InvalidURL, TypeError, ValueError):
        return "(not a URL)"
    return str(parsed.copy_with(query=None, fragment=None, userinfo=b""))


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            address = inner
    return address.is_global and not address.is_multicast


def _own_expiry(url: str) -> datetime:
    """When a signed link says it expires; the end of time if it does not say."""
    try:
        query = library.URL(url).params
        if "X-Amz-Date" in query and "X-Amz-Expires" in query:
            signed = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            return signed + timedelta(seconds=int(query["X-Amz-Expires"]))
        if "Expires" in query:
            return datetime.fromtimestamp(int(query["Expires"]), UTC)
    except (library.InvalidURL, ValueError, OverflowError, OSError):
        pass
    return datetime.max.replace(tzinfo=UTC)
