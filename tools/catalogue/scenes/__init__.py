"""Background scenes: functions from a random generator to a picture (SIZE, SIZE, 3) float in [0, 1]."""
