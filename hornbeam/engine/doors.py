"""What rooms above the engine lend to it, under one name each.

`Model.fit` belongs to `training` and `Model.save` to `saving`, which both build on the engine; so
the engine imports neither. Each of them puts its part here when it is imported.
"""

from hornbeam import registry


class Doors:
    """The parts lent to the engine.

    Attributes:
        trainer: Class with the methods `compile`, `fit`, ... (`hornbeam.training`).
        saving: Module with `save_model`, `save_weights`, `load_weights`, ... (`hornbeam.saving`).
        layer_classes: Dict from class name to layer class, for configs (`hornbeam.layers`).
    """

    def __init__(self):
        self.trainer = None
        self.saving = None
        self.layer_classes = registry.catalogue("layer")


doors = Doors()
