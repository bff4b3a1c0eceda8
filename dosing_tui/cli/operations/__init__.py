"""Commands for who runs the installation: doctor, service, shell completion, man pages."""
