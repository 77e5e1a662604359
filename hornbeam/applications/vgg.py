"""What VGG16 and VGG19 share: five blocks of 3 x 3 convolutions, and three dense layers."""

from hornbeam.applications.weight_files import FILES
from hornbeam.layers import Conv2D, Dense, Flatten, MaxPooling2D

__all__ = ["vgg"]

_FILTERS = (64, 128, 256, 512, 512)


def vgg(name, depths, request):
    """Returns a VGG.

    Args:
        name: String, of the model and of its weights.
        depths: Five integers, convolutions in each block.
        request: `Request`.
    """

    def body(x):
        for number, (filters, depth) in enumerate(zip(_FILTERS, depths), start=1):
            for place in range(1, depth + 1):
                x = Conv2D(
                    filters, 3, padding="same", activation="relu", name=f"block{number}_conv{place}"
                )(x)
            x = MaxPooling2D(2, strides=2, name=f"block{number}_pool")(x)
        return x

    def top(x, classes, activation):
        x = Flatten(name="flatten")(x)
        x = Dense(4096, activation="relu", name="fc1")(x)
        x = Dense(4096, activation="relu", name="fc2")(x)
        return Dense(classes, activation=activation, name="predictions")(x)

    request.settle_shape(default_size=224, min_size=32)
    return request.build(name, body, top, FILES[name])
