"""The files the public may download: one module for each format."""
