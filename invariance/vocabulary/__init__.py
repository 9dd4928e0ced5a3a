"""What there is, declared once: transformations, architectures, measures, methods, objectives, studies, terms.

Stands below everything and knows no torch, so that a server or the command line can say what there is, what it draws
and what it costs before anything is computed. What does the work attaches to a declaration by name, through
:func:`invariance.vocabulary.attach.attach`, when its package is imported: a declaration without an implementation, or
the reverse, ends the program there.
"""
