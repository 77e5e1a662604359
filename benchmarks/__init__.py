"""Pairs: the same work in hornbeam and in its peers, in one run, printed as ratios."""
