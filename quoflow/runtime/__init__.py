"""In what order? Sources, intake, worker, approvals and the service: thin; fetch, ask the core, write."""
