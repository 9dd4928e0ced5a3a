"""Pictures that people bring: checked and decoded, cut out of a plain background, stored as a data set's sources."""
