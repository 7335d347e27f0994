"""What to keep of the images that came in, and how they become training images of one size."""
