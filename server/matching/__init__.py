"""Which reports speak of the same damage."""
