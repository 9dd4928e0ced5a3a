"""Training, transfer and checkpoints."""
