"""One person's account of damage, as given."""
