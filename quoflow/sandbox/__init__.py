"""What if there is no Quo? A simulated one: a real HTTP server with scenarios and faults."""
