"""Where things are: administrative areas, known places, the gazetteer, coordinates, the basemap."""
