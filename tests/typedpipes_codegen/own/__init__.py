"""Packages for schemas of the user's own."""
