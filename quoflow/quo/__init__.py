"""How do we talk to Quo? Wire models, transport, client and the translation to our own values."""
