"""Internals of the clients. Nothing here is public API, and nothing here knows a vendor."""
