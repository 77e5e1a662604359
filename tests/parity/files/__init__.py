"""Model files written by the originals, and by hornbeam for them."""
