"""Seeds to latents to images to sheets."""
