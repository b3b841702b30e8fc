"""Addresses as text: the origin of one, whether it is this machine, its plain form. Imports nothing of ours, and no
HTTP library.

An origin is what credentials are pinned to. Two forms of one address have one origin: the case of scheme and host, the
port that goes without saying and the dot at the end of a host name make no difference.
"""

from __future__ import annotations

import functools
import ipaddress
from typing import Final
from urllib.parse import urlsplit

PORTS: Final = {"https": 443, "http": 80}
"""The ports that go without saying."""


def plain_host(host: str) -> str:
    """A host name or address as it is compared: lower case, no brackets, no dot at the end."""
    return host.lower().removesuffix(".").strip("[]")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine: ``localhost`` and names below it (RFC 6761), 127.0.0.0/8, ::1."""
    plain = plain_host(host)
    if plain == "localhost" or plain.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(plain)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


@functools.lru_cache(maxsize=256)
def origin_of(scheme: str, host: str, port: int | None) -> str:
    """``scheme://host:port``."""
    plain, scheme = plain_host(host), scheme.lower()
    name = f"[{plain}]" if ":" in plain else plain
    return f"{scheme}://{name}:{port or PORTS.get(scheme, 0)}"


def origin(url: str) -> str:
    """``scheme://host:port`` of an address. Raises ValueError for a port or a host that is none."""
    parts = urlsplit(url)
    return origin_of(parts.scheme, parts.hostname or "", parts.port)


def with_path(address: str, path: str) -> str:
    """An address without a path, with ``path``; one that has a path, as it is."""
    return address if urlsplit(address).path.strip("/") else address.rstrip("/") + path


def is_usual_port(scheme: str, port: int | None) -> bool:
    """Whether ``port`` is the one that goes without saying."""
    return port is None or port == PORTS.get(scheme)


def plain_address(url: str) -> str:
    """An address with scheme and host in lower case and without the default port of the scheme; else as it is."""
    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    if parts.port is not None and is_usual_port(parts.scheme, parts.port):
        place = place.rpartition(":")[0]
    return parts._replace(netloc=f"{user}{at}{place.lower().removesuffix(':')}").geturl()


def elsewhere(url: str, domain: str) -> str:
    """The origin of an address that is not the vendor's: neither ``domain`` nor below it. Empty for the vendor's."""
    host = plain_host(urlsplit(url).hostname or "")
    return "" if host == domain or host.endswith(f".{domain}") else origin(url)


def at_origin(url: str, path: str) -> str:
    """The address of ``path`` on the host of ``url``."""
    return urlsplit(url)._replace(path=path, query="", fragment="").geturl()


__all__ = [
    "PORTS",
    "at_origin",
    "elsewhere",
    "is_loopback",
    "is_usual_port",
    "origin",
    "origin_of",
    "plain_address",
    "plain_host",
]
