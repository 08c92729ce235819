"""What is kept: export formats."""
