"""The exercise: a believable training scenario. Nothing here is real, and everything it makes says EXERCISE."""
