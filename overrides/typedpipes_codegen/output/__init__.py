"""Generated packages on disk: made, compared, swapped in."""
