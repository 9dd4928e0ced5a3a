"""Whether the project is right and fast on a GPU, in one command: ``python -m invariance bench gpu``.

``parts`` declares what is measured, ``goals`` what it should come to, ``supervise`` runs it in a child process that may
hang or die, ``child`` is that process. The other modules hold the measurements, one a theme. On a CPU every part runs
too, on a stand-in so small that it is over in a second or so: that proves the command, and never counts for a goal.
"""
