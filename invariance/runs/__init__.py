"""Runs: what is known about them (store), who executes them (worker, manager), and where their weights are."""
