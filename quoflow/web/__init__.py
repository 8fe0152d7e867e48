"""How do I look at it? A small console for a running service."""
