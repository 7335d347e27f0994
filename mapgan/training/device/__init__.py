"""The machine: device and precision, memory plan, signals."""
