"""What is left to people: the queue, and what they do with it."""
