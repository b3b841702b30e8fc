"""The wheel and the sdist in clean environments; run by ``nox -s packaging``, not by the default suite."""
