"""The credentials of one client, and the choice among them: the operation says which kinds it takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from typedpipes.auth.credential import Credential
from typedpipes.errors import ConfigurationError


class Credentials:
    """At most one credential of each kind.

    ``hints`` says, for a kind that is missing, which setting would provide it.
    """

    __slots__ = ("_by_kind", "_hints")

    def __init__(self, *credentials: Credential, hints: Mapping[str, str] | None = None) -> None:
        self._by_kind: dict[str, Credential] = {}
        for credential in credentials:
            if credential.kind in self._by_kind:
                raise ConfigurationError(f"two credentials of kind {credential.kind}", setting=credential.kind)
            self._by_kind[credential.kind] = credential
        self._hints = dict(hints or {})

    def get(self, kind: str) -> Credential | None:
        """The credential of a kind."""
        return self._by_kind.get(kind)

    def choose(self, kinds: tuple[str, ...] | None, origin: str, operation: str) -> Credential | None:
        """The credential for an operation that takes ``kinds``, in their order; None if it takes none.

        ``kinds`` None: any that may go to ``origin``. Raises `ConfigurationError`, before anything is sent, if none is
        configured or the origin is not the one it belongs to.
        """
        if kinds is None:
            return next((item for item in self._by_kind.values() if item.permits(origin)), None)
        if not kinds:
            return None
        for kind in kinds:
            credential = self._by_kind.get(kind)
            if credential is not None:
                if credential.permits(origin):
                    return credential
                raise ConfigurationError(
                    f"{operation}: {origin} is not where the {kind.replace('_', ' ')} belongs "
                    f"({', '.join(sorted(credential.origins))}); it was not sent",
                    setting="base_url",
                )
        wanted = " or ".join(self._hints.get(kind, kind.replace("_", " ")) for kind in kinds)
        raise ConfigurationError(
            f"{operation} needs {wanted}; nothing was sent", setting=self._hints.get(kinds[0], kinds[0])
        )

    def __iter__(self) -> Iterator[Credential]:
        return iter(self._by_kind.values())

    def __len__(self) -> int:
        return len(self._by_kind)

    def __repr__(self) -> str:
        return f"<Credentials {', '.join(self._by_kind)}>"


__all__ = ["Credentials"]
