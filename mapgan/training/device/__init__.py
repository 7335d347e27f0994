"""The machine: device, memory plan, signals."""
