"""`tf.keras.experimental`: older places of the same names."""

from hornbeam.optimizers.schedules import CosineDecay, CosineDecayRestarts

__all__ = ["CosineDecay", "CosineDecayRestarts"]
