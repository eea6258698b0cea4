"""Photos and their custody."""
