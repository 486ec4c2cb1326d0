"""What Subpulse promises about its own cost, measured on loopback: `python -m benchmarks --help`."""
