"""Data: counter-based draws, pictures, transformations, and the engine that joins them."""
