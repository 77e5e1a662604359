"""`keras.legacy`: the layers and the argument conversions that Keras 2 kept from Keras 1."""
