"""What to keep of the collected images, and how they become training images of one size."""
