"""Credentials: what is sent to whom, how tokens are obtained, kept and renewed."""
