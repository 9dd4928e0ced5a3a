"""What the server has and does beside running scripts: its runs, its visitors, and what is made once for all."""
