"""What several pages use: the server's objects, controls, and what links them."""
