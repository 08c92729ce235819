"""`spokenly doctor`: what is set up, what is missing, and one sentence about what to do."""
