"""What a representation ignores, and how that is measured."""
