"""What proves the project's claims of speed; nothing in ``invariance`` needs it."""
