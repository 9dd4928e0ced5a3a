"""The figures of each study, one module a study; each says in ``FIGURES`` which ones there are."""
