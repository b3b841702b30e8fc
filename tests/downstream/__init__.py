"""Programs of users against the built wheel; run by ``nox -s downstream``, not by the default suite."""
