"""Packages for APIs of the user's own: any OpenAPI document or SDL, with what it does not say in a TOML file.

tidy (names Python and our canonical form can take) -> canonical form and overlays -> method names, paging, limits as
extensions -> the same renderers as the vendors' packages, plus a facade: a ready client class on `typedpipes.declared`.
"""

from typedpipes_codegen.own.package import OwnPackage, check_own, write_own

__all__ = ["OwnPackage", "check_own", "write_own"]
