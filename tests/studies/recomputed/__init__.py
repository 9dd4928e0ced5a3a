"""Every finding of the studies once more, from shipped tables, by code that shares nothing with the studies' own."""
