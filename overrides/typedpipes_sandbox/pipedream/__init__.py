"""The stand-in for Pipedream: REST API, Connect, and workflow endpoints."""
