"""How is a step carried out? One module per family of step kinds, one explicit registry."""
