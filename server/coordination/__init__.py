"""What people do about damage; the reporter's receipt."""
