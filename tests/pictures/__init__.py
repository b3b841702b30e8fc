"""Pictures of the command line for README and docs."""
