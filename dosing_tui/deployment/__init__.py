"""Installation on a server: systemd's units, and the check of a folder with the container stack."""
