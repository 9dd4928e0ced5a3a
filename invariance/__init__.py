"""See which invariances a model learnt, and what they do to transfer."""
