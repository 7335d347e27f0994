"""Maps for the table: virtual tabletops with walls and doors, prints true to scale, and images with a grid.

Everything here works on an image, whoever drew it, and the squares of its battle grid. Coordinates are in squares,
x to the right and y down, from the top left corner of the map.
"""
