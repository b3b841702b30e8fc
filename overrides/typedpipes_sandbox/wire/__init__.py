"""HTTP as the sandbox speaks it."""
