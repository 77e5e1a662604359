"""What the ResNets of tf.keras, ResNetV2s and ResNeXts share: blocks, stacks, and the whole.

Names of functions and layers are those of keras_applications 1.0.8.
"""

from hornbeam import backend as K
from hornbeam.applications.building import Request, channel_axis, top_name
from hornbeam.applications.weight_files import FILES
from hornbeam.layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    Lambda,
    MaxPooling2D,
    Reshape,
    ZeroPadding2D,
)
from hornbeam.layers.known_functions import sum_along

__all__ = [
    "ResNet",
    "block1",
    "block2",
    "block3",
    "named_resnet",
    "stack1",
    "stack2",
    "stack3",
]

_FILTERS = (64, 128, 256, 512)
_GROUPS = 32

# Blocks in each of the four stacks: table 1 of He et al. 2015.
_DEPTHS = {
    "50": (3, 4, 6, 3),
    "101": (3, 4, 23, 3),
    "152": (3, 8, 36, 3),
}


def ResNet(  # noqa: N802
    stack_fn,
    preact,
    use_bias,
    model_name="resnet",
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Builds a residual network of any stacks.

    Args:
        stack_fn: Function from the tensor behind the first convolution and pooling to that behind
            the stacks.
        preact: Bool, whether blocks normalize before they convolve (ResNetV2).
        use_bias: Bool, whether the first convolution has a bias (not in ResNeXt).
        model_name: String. Weights trained on ImageNet are there for `'resnet50'`, `'resnet101'`,
            `'resnet152'`, with `'v2'` behind, and `'resnext50'`, `'resnext101'`.
        include_top, weights, input_tensor, input_shape, pooling, classes, **kwargs: As in
            `resnet50.ResNet50`.

    Source: keras_applications 1.0.8.
    """

    def body(x):
        x = ZeroPadding2D(((3, 3), (3, 3)), name="conv1_pad")(x)
        x = Conv2D(64, 7, strides=2, use_bias=use_bias, name="conv1_conv")(x)
        if not preact:
            x = _normal_relu(x, "conv1_")
        x = ZeroPadding2D(((1, 1), (1, 1)), name="pool1_pad")(x)
        x = MaxPooling2D(3, strides=2, name="pool1_pool")(x)
        x = stack_fn(x)
        return _normal_relu(x, "post_") if preact else x

    request = Request(include_top, weights, input_tensor, input_shape, pooling, classes, kwargs)
    request.settle_shape(default_size=224, min_size=32)
    return request.build(model_name, body, _top, FILES.get(model_name), ("avg_pool", "max_pool"))


def named_resnet(name, arguments, kwargs):
    """Builds one of the published networks.

    Args:
        name: `'resnet'` or `'resnext'`, with the number of layers; `'v2'` behind for ResNetV2.
        arguments: Tuple of the arguments of `ResNet` from `include_top` to `classes`.
        kwargs: Dict of the further ones.
    """
    v2, next_ = name.endswith("v2"), name.startswith("resnext")
    depths = _DEPTHS[name.removesuffix("v2").lstrip("resnxt")]

    def stacks(x):
        for stack, (filters, depth) in enumerate(zip(_FILTERS, depths), start=2):
            label = f"conv{stack}"
            if v2:  # strides stand at the end of a stack, not at its beginning
                x = stack2(x, filters, depth, stride1=1 if stack == 5 else 2, name=label)
            elif next_:
                x = stack3(x, 2 * filters, depth, stride1=1 if stack == 2 else 2, name=label)
            else:
                x = stack1(x, filters, depth, stride1=1 if stack == 2 else 2, name=label)
        return x

    return ResNet(stacks, v2, not next_, name, *arguments, **kwargs)


def _top(x, classes, activation):
    x = GlobalAveragePooling2D(name="avg_pool")(x)
    return Dense(classes, activation=activation, name=top_name("probs"))(x)


# ---- blocks and stacks. Arguments are the same in all:
#
#   x: Tensor.
#   filters: Integer, of the convolutions in a block's middle.
#   kernel_size: Integer, of the convolution in its middle.
#   stride, stride1: Integer, of a block, or of the block of a stack that has one.
#   conv_shortcut: Bool, whether a 1 x 1 convolution stands beside the block.
#   blocks: Integer, their number in a stack.
#   name: String, how the names of the layers begin.


def block1(x, filters, kernel_size=3, stride=1, conv_shortcut=True, name=None):
    """Adds a bottleneck block of ResNet, of `4 * filters` channels."""
    shortcut = x
    if conv_shortcut:
        shortcut = Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(x)
        shortcut = _normal(shortcut, f"{name}_0_")
    x = Conv2D(filters, 1, strides=stride, name=f"{name}_1_conv")(x)
    x = _normal_relu(x, f"{name}_1_")
    x = Conv2D(filters, kernel_size, padding="same", name=f"{name}_2_conv")(x)
    x = _normal_relu(x, f"{name}_2_")
    x = Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    x = _normal(x, f"{name}_3_")
    x = Add(name=f"{name}_add")([shortcut, x])
    return Activation("relu", name=f"{name}_out")(x)


def stack1(x, filters, blocks, stride1=2, name=None):
    """Adds a stack of ResNet's blocks; the first has a convolution beside it and the stride."""
    x = block1(x, filters, stride=stride1, name=f"{name}_block1")
    for number in range(2, blocks + 1):
        x = block1(x, filters, conv_shortcut=False, name=f"{name}_block{number}")
    return x


def block2(x, filters, kernel_size=3, stride=1, conv_shortcut=False, name=None):
    """Adds a block of ResNetV2, of `4 * filters` channels: normalized before it convolves."""
    start = _normal_relu(x, f"{name}_preact_")
    if conv_shortcut:
        shortcut = Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(start)
    else:
        shortcut = MaxPooling2D(1, strides=stride)(x) if stride > 1 else x
    x = Conv2D(filters, 1, strides=1, use_bias=False, name=f"{name}_1_conv")(start)
    x = _normal_relu(x, f"{name}_1_")
    x = ZeroPadding2D(((1, 1), (1, 1)), name=f"{name}_2_pad")(x)
    x = Conv2D(filters, kernel_size, strides=stride, use_bias=False, name=f"{name}_2_conv")(x)
    x = _normal_relu(x, f"{name}_2_")
    x = Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    return Add(name=f"{name}_out")([shortcut, x])


def stack2(x, filters, blocks, stride1=2, name=None):
    """Adds a stack of ResNetV2's blocks; the last has the stride."""
    x = block2(x, filters, conv_shortcut=True, name=f"{name}_block1")
    for number in range(2, blocks):
        x = block2(x, filters, name=f"{name}_block{number}")
    return block2(x, filters, stride=stride1, name=f"{name}_block{blocks}")


def block3(x, filters, kernel_size=3, stride=1, groups=_GROUPS, conv_shortcut=True, name=None):
    """Adds a block of ResNeXt, of `64 / groups * filters` channels.

    Args:
        groups: Integer, the groups of channels that the middle convolution keeps apart: `x` is
            convolved channel by channel, into as many as a group has, and summed in groups.
    """
    shortcut, channels = x, 64 // groups * filters
    if conv_shortcut:
        shortcut = Conv2D(channels, 1, strides=stride, use_bias=False, name=f"{name}_0_conv")(x)
        shortcut = _normal(shortcut, f"{name}_0_")
    x = Conv2D(filters, 1, use_bias=False, name=f"{name}_1_conv")(x)
    x = _normal_relu(x, f"{name}_1_")

    size = filters // groups
    x = ZeroPadding2D(((1, 1), (1, 1)), name=f"{name}_2_pad")(x)
    x = wide = DepthwiseConv2D(
        kernel_size,
        strides=stride,
        depth_multiplier=size,
        use_bias=False,
        name=f"{name}_2_conv",
    )(x)
    x = Reshape(_arranged(x, groups, size, size))(x)
    arguments = {"axis": 2 if channel_axis() == 1 else 4}
    x = Lambda(sum_along, arguments=arguments, name=f"{name}_2_reduce")(x)
    x = Reshape(_arranged(wide, filters))(x)
    x = _normal_relu(x, f"{name}_2_")

    x = Conv2D(channels, 1, use_bias=False, name=f"{name}_3_conv")(x)
    x = _normal(x, f"{name}_3_")
    x = Add(name=f"{name}_add")([shortcut, x])
    return Activation("relu", name=f"{name}_out")(x)


def stack3(x, filters, blocks, stride1=2, groups=_GROUPS, name=None):
    """Adds a stack of ResNeXt's blocks; the first has a convolution beside it and the stride."""
    x = block3(x, filters, stride=stride1, groups=groups, name=f"{name}_block1")
    for number in range(2, blocks + 1):
        x = block3(x, filters, groups=groups, conv_shortcut=False, name=f"{name}_block{number}")
    return x


def _normal(x, prefix):
    return BatchNormalization(axis=channel_axis(), epsilon=1.001e-5, name=f"{prefix}bn")(x)


def _normal_relu(x, prefix):
    return Activation("relu", name=f"{prefix}relu")(_normal(x, prefix))


def _arranged(maps, *channels):
    """Returns the shape of feature maps, without the batch axis, with these axes of channels."""
    shape = K.int_shape(maps)
    first = channel_axis() == 1
    size = shape[2:] if first else shape[1:3]
    if None in size:
        raise ValueError(
            f"ResNeXt needs to know the size of its images; it met maps of shape {shape}. "
            "Give input_shape, for instance (224, 224, 3)."
        )
    return (*channels, *size) if first else (*size, *channels)
