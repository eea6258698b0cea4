"""Keeping: what lets an operator sleep. Backups that can be restored, and the proof that they can."""
