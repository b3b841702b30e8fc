"""What the site makes from the code: operations, limits, errors, commands."""
