"""Reading one profile of a profile file, with errors that name file, line and key.

::

    limits = "redis://limits.internal:6379/0"    # profile "default": keys at the top

    [pipefy]
    plan = "business"
    client_id = "abc"
    client_secret_env = "PIPEFY_SECRET"          # the variable that holds it

    [profiles.staging.pipefy]                    # profile "staging": shares nothing with the others
    base_url = "https://staging.example.com/graphql"
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from typedpipes._core.addresses import is_loopback, plain_host
from typedpipes._core.arguments import check_path
from typedpipes.configuration.settings import BY_PATH, PAGE, SETTINGS, SHARED, VENDORS, Setting
from typedpipes.errors import ConfigurationError, ProfileError

DEFAULT: Final = "default"
_TABLE: Final = "profiles"
_HOMES: Final = {"pipefy": "pipefy.com", "pipedream": "pipedream.com", "pipedrive": "pipedrive.com"}
_PRIVATE: Final = 0o077
_AT_LINE: Final = re.compile(r"\bat line (\d+)")
_DEEP: Final = re.compile(r"(?:[\[{][^\[\]{}]*+){50}")
_HEADER: Final = re.compile(r"\s*\[\[?([^\[\]]+)\]")
_KEY: Final = re.compile(r"\s*+([\w.\"' \t-]++)=")


class Profile(msgspec.Struct, frozen=True):
    """What a profile sets. ``values``: by `Setting.path`; ``references``: names of variables, by path."""

    name: str
    path: Path
    values: Mapping[str, str]
    references: Mapping[str, str]


def read_profile(path: Path, name: str | None, *, named: bool) -> Profile:
    """One profile of a file; ``name`` None: the default one, which may be absent.

    ``named``: the user pointed at the file. One that merely lies in the working directory may not send credentials
    anywhere but to the vendor or to this machine. Raises `ProfileError`.
    """
    return _Reader(path, named).read(name)


class _Reader:
    def __init__(self, path: Path, named: bool) -> None:
        self._path = path
        self._named = named
        self._text = ""

    def read(self, name: str | None) -> Profile:
        document = self._parse()
        others = document.pop(_TABLE, {})
        if not isinstance(others, dict):
            raise self._error((_TABLE,), "is a table of profiles, as in [profiles.staging.pipefy]")
        found: dict[str, Profile] = {DEFAULT: self._profile(DEFAULT, (), document)}
        for other, table in others.items():
            if other == DEFAULT:
                raise self._error((_TABLE, other), "is not needed: keys at the top are the profile 'default'")
            if not isinstance(table, dict):
                raise self._error((_TABLE, other), f"is a table, as in [{_TABLE}.{other}.pipefy]")
            found[other] = self._profile(other, (_TABLE, other), table)
        self._check_mode(found.values())
        wanted = name or DEFAULT
        if wanted not in found:
            raise ProfileError(
                f"{self._path} has no profile {wanted!r}; it has {', '.join(found)}{_meant(wanted, found)}",
                path=str(self._path),
                key=f"{_TABLE}.{wanted}",
            )
        return found[wanted]

    def _parse(self) -> dict[str, object]:
        try:
            self._text = self._path.read_text(encoding="utf-8-sig")
            return self._tables()
        except OSError as error:
            told = f"{self._path} cannot be read: {error.strerror or error}"
        except UnicodeDecodeError:
            told = f"{self._path} is not UTF-8 text"
        raise ProfileError(told, path=str(self._path)) from None

    def _tables(self) -> dict[str, object]:
        """The parsed text. The parser's words are not shown: they differ by version, and may hold part of a secret."""
        deep = _DEEP.search(self._text)
        if deep is not None:
            raise self._too_deep(self._text.count("\n", 0, deep.start()) + 1)
        try:
            return tomllib.loads(self._text)
        except RecursionError:
            raise self._too_deep(1) from None
        except ValueError as error:
            found = _AT_LINE.search(str(error))
            line = getattr(error, "lineno", None) or (int(found[1]) if found else self._text.count("\n") + 1)
        raise ProfileError(
            f"{self._path}, line {line} is not TOML: look there for a value without quotes, a quote or bracket that is "
            "not closed, or a key given twice",
            path=str(self._path),
            line=line,
        )

    def _too_deep(self, line: int) -> ProfileError:
        return ProfileError(
            f"{self._path}, line {line} nests brackets too deeply; a setting is text or a number",
            path=str(self._path),
            line=line,
        )

    def _profile(self, name: str, start: tuple[str, ...], table: Mapping[str, object]) -> Profile:
        values: dict[str, str] = {}
        references: dict[str, str] = {}
        for key, value in table.items():
            if key in VENDORS:
                if not isinstance(value, dict):
                    raise self._error((*start, key), f"is a table, as in [{'.'.join((*start, key))}]")
                for inner, item in value.items():
                    self._put((*start, key, inner), f"{key}.{inner}", item, values, references)
            else:
                self._put((*start, key), key, value, values, references)
        return Profile(name, self._path, values, references)

    def _put(
        self, place: tuple[str, ...], key: str, value: object, values: dict[str, str], references: dict[str, str]
    ) -> None:
        setting = BY_PATH.get(key)
        if setting is not None:
            values[key] = self._value(place, setting, value)
            if setting.path in references:
                raise self._error(place, f"and {setting.key}_env are both given; keep one")
            return
        referred = BY_PATH.get(key.removesuffix("_env")) if key.endswith("_env") else None
        if referred is None or not referred.secret:
            raise self._error(place, f"is no setting{_meant(key, _keys(place, key))}; {PAGE} lists them")
        if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
            raise self._error(place, "is the name of an environment variable, in quotes")
        if referred.path in values:
            raise self._error(place, f"and {referred.key} are both given; keep one")
        references[referred.path] = value

    def _value(self, place: tuple[str, ...], setting: Setting, value: object) -> str:
        if setting.kind == "count":
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise self._error(place, f"is a whole number from 1, not {_shown(setting, value)}")
            return str(value)
        if setting.kind == "id" and isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str) or not value.strip():
            raise self._error(place, f"is text in quotes, not {_shown(setting, value)}")
        text = value.strip()
        if setting.choices and text.lower() not in setting.choices:
            meant = _meant(text, setting.choices)
            raise self._error(place, f"is one of {', '.join(setting.choices)}, not {text!r}{meant}")
        if setting.address and not self._named and not _at_home(setting.vendor, text):
            own = user_file()
            raise self._error(
                place,
                f"would send your credentials to {text}; a file that merely lies in the working directory may not: "
                f"name it with --config or TYPEDPIPES_CONFIG{'' if own is None else f', or move it to {own.parent}'}",
            )
        return text

    def _check_mode(self, profiles: Iterable[Profile]) -> None:
        if os.name != "posix" or not self._path.stat().st_mode & _PRIVATE:
            return
        for profile in profiles:
            for key, value in profile.values.items():
                setting = BY_PATH[key]
                if setting.secret and (setting.key != "limits" or "@" in value):
                    start = () if profile.name == DEFAULT else (_TABLE, profile.name)
                    raise self._error(
                        (*start, *key.split(".")),
                        f"is a secret in a file that others may read: chmod 600 {self._path}, or name the variable "
                        f"that holds it: {setting.key}_env",
                    )

    def _error(self, place: tuple[str, ...], told: str) -> ProfileError:
        line = _line(self._text, place)
        key = ".".join(place)
        where = f"{self._path}, line {line}" if line is not None else str(self._path)
        return ProfileError(f"{where}: {key} {told}", path=str(self._path), line=line, key=key)


def _keys(place: tuple[str, ...], key: str) -> list[str]:
    """What may stand where ``key`` was found."""
    vendor = key.partition(".")[0] if "." in key else SHARED
    known = [setting for setting in SETTINGS if setting.vendor == vendor]
    keys = [each.path for each in known] + [f"{each.path}_env" for each in known if each.secret]
    return keys if vendor else [*keys, *VENDORS, *([_TABLE] if len(place) == 1 else [])]


def _meant(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), 1, 0.5)
    return f"; did you mean {close[0]}?" if close else ""


def _shown(setting: Setting, value: object) -> str:
    plain = isinstance(value, (str, int, float, bool)) and not setting.secret
    return repr(value)[:40] if plain else f"a value of type {type(value).__name__}"


def _at_home(vendor: str, address: str) -> bool:
    """Whether an address is the vendor's own, where only the vendor listens, or on this machine."""
    try:
        host = plain_host(urlsplit(address if "//" in address else f"//{address}").hostname or "")
    except ValueError:
        return False
    home = _HOMES[vendor]
    return is_loopback(host) or host == home or host.endswith(f".{home}")


def _line(text: str, place: tuple[str, ...]) -> int | None:
    """The line a key stands on; the parser does not tell."""
    table: tuple[str, ...] = ()
    best: tuple[int, int] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header is not None:
            table = _dotted(header.group(1))
            here = table
        else:
            key = _KEY.match(line)
            if key is None:
                continue
            here = (*table, *_dotted(key.group(1)))
        # An inline table holds the key on the line of a shorter one; a header may hold more than the key.
        if here[: len(place)] == place:
            return number
        if header is None and place[: len(here)] == here and (best is None or len(here) > best[0]):
            best = (len(here), number)
    return best[1] if best is not None else None


def _dotted(text: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in text.split("."))


# Finding the profile file, ``typedpipes.toml``. Every `from_env` looks, so that this imports next to nothing.

FILE: Final = "typedpipes.toml"


def find(config: str | os.PathLike[str] | None, environ: Mapping[str, str]) -> tuple[Path, bool] | None:
    """The profile file, and whether the user named it: ``config``, ``TYPEDPIPES_CONFIG``, ``typedpipes.toml`` in the
    working directory, the one in the user's configuration directory. The first one counts; they are not mixed.
    """
    named = config if config is not None else environ.get("TYPEDPIPES_CONFIG", "").strip()
    if named:
        return check_path("config", named), True
    if os.path.isfile(FILE):  # noqa: PTH113  # not worth making a Path: it is asked at every start
        return Path(FILE), False
    own = user_file()
    # Not `Path.is_file`: before Python 3.14 it raises where the folder may not be looked into.
    return (own, True) if own is not None and os.path.isfile(own) else None  # noqa: PTH113


def user_file() -> Path | None:
    """The file in the user's configuration directory, whether it is there or not. None: the user has no home."""
    from typedpipes.configuration.folders import user_folder

    folder = user_folder("config")
    return None if folder is None else folder / FILE


def missing_file(name: str) -> ConfigurationError:
    """The error for a profile that was asked for where there is no file."""
    own = user_file()
    other = "this user has no home" if own is None else f"no {own}"
    return ConfigurationError(
        f"profile {name!r} was asked for, but there is no {FILE} in the working directory and {other}; "
        f"name a file with --config or TYPEDPIPES_CONFIG ({PAGE})",
        setting="profile",
    )


__all__ = ["DEFAULT", "FILE", "Profile", "find", "missing_file", "read_profile", "user_file"]
