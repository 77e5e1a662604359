"""Images: reading, random transforms, and batches of them for training."""

__all__ = []
