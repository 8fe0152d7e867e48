"""How do I use it? One module per command, one explicit dictionary that lists them."""
