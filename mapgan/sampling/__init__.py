"""Seeds to latents to pictures to sheets."""
