"""The parameters of every step kind: pydantic models that are both what YAML may write and the schema. Pure."""
