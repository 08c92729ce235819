"""What is heard: frames, their order, and the tape that nothing is lost from."""
