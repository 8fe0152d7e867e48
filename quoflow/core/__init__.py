"""What should happen? Pure values and functions: no clock, no network, no files, no randomness."""
