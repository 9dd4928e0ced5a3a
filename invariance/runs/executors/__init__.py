"""Where runs are executed: on this machine, or on the machines of a Ray cluster; the contract is in ``executor``."""
