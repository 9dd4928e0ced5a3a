"""Makes the parts of pages that repeat what stands elsewhere, and judges what ships: ``python -m tools.docs``."""
