"""What a training step needs of the device's memory, and the plan that fits it."""
