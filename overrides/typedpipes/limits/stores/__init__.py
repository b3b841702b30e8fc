"""Where counts live: in this process, in a SQLite file, or in Redis. `open_store` picks by URL."""

from typedpipes.limits.stores.base import Store, open_store

__all__ = ["Store", "open_store"]
