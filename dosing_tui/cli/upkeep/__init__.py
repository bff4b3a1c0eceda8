"""Commands for who runs the servers: schema, maintenance, backup, import."""
