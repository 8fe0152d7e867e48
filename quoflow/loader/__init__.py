"""How is a rule file read? YAML with line and column becomes rules; problems are collected, never raised one by one."""
