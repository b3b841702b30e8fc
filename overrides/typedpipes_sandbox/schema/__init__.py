"""The schemas the sandbox serves, and what it checks and makes by them."""
