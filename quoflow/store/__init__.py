"""What survives a restart? Tables, migrations and the functions that read and write them."""
