"""What the world may see, and how sharp."""
