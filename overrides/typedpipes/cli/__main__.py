"""``python -m typedpipes.cli``."""

from __future__ import annotations

import sys

from typedpipes.cli import main

if __name__ == "__main__":
    sys.exit(main())
