"""Pipedream beyond the generated methods, against the sandbox over real HTTP."""
