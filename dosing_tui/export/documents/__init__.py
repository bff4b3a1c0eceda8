"""What is printed, signed and filed: batch records and shift reports, as text, HTML and PDF."""
