"""The table of derivatives: the four kinds, and a file for each family."""
