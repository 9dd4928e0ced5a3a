"""Makes the pages of ``docs/`` that repeat what stands elsewhere: ``python -m tools.docs``."""
