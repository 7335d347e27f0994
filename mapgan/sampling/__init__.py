"""From seeds to latents, images and sheets."""
