"""What to keep of the pictures that came in, and how they become training pictures of one size."""
