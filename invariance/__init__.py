"""See which invariances a model learnt, and what they do to transfer."""

import os

# Between two operations torch's threads wait awake, by libgomp's default for several milliseconds, in which they keep
# the cores from the threads that make samples. This is a third of a millisecond, more than a pause within a step. It
# counts where torch is imported later, as in the app, its workers and on the command line.
os.environ.setdefault("GOMP_SPINCOUNT", "20000")
