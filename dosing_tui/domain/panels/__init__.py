"""The panels and their filters, annotations and operator notes. Pure."""
