"""The memory of a training step, and the configuration that fits a device."""
