"""Studies: questions put as small sets of runs that build on each other."""
