"""What is shown: captions, the board they stand on, pages, and their way out."""
