"""What the clients are built of. Nothing here is promised, and nothing here knows a vendor."""
