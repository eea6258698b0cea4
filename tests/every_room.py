"""Loads the whole program when it is imported: for a process that then forks (tests/orders.py)."""

from tests.house.rooms import import_every_room

import_every_room()
