"""Example data that looks like a real workspace, the same for the same seed."""
