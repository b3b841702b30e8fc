"""Credentials: what is sent to whom, how tokens are obtained, kept and renewed."""

from typing import Final

OAUTH_URL: Final = "https://oauth.pipedrive.com"
"""Where Pipedrive gives tokens."""
WORKFLOW_DOMAIN: Final = "m.pipedream.net"
"""Where Pipedream's workflows listen."""
