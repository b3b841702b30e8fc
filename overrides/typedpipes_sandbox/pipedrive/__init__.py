"""The stand-in for Pipedrive: API v1 and v2, and the OAuth server."""
