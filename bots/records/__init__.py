"""`spokenly records`: what is kept, for people at a terminal and for their scripts."""
