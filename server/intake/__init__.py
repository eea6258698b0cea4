"""The doors: translate into one Draft, never decide."""
