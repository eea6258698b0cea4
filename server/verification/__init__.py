"""How sure we are, and who says so."""
