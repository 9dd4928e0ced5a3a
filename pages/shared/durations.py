"""How long things take, in words."""


def in_words(seconds: float) -> str:
    """A duration to wait for, rounded to what matters: ``20 s``, ``3 min``, ``1.5 h``."""
    if seconds < 60:
        return f"{max(5, 5 * round(seconds / 5))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def roughly(duration: str, device: str = "cpu") -> str:
    """An estimate, with how sure it is: ``about 3 min on the GPU, give or take a factor of two``.

    Args:
        duration: in words.
        device: a torch device.
    """
    where = "the GPU" if device.startswith("cuda") else "a laptop (two cores)"
    return f"about {duration} on {where}, give or take a factor of two"
