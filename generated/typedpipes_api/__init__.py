"""Generated clients, one package per API. Made by `nox -s generate`; import them through typedpipes."""
