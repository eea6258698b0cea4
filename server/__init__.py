"""Tessera: the house. A report walks down a corridor of rooms; imports point back up it.

core, vocabulary     what every room stands on; know no room
accounts, places     who is asking; where things are
reports              one person's account of damage, as given, and the one door to it
evidence             photos and their custody
intake               the doors: they translate into one Draft and never decide
matching             which reports speak of the same damage
verification         how sure we are, and who says so
coordination         what people do about it; the reporter's receipt
publication          what the world may see, and how sharp

What happens to a report after it is received is told on one page: ``server/worker.py``.
"""
