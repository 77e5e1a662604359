"""MusicTaggerCRNN of Keras 1: tags of music; Choi et al. 2016, arXiv:1609.04243."""

from hornbeam import backend as K
from hornbeam.applications.audio_conv_utils import decode_predictions, preprocess_input
from hornbeam.applications.building import channel_axis
from hornbeam.engine.sources import get_source_inputs
from hornbeam.layers import (
    ELU,
    GRU,
    BatchNormalization,
    Conv2D,
    Dense,
    Input,
    MaxPooling2D,
    Permute,
    Reshape,
    ZeroPadding2D,
)
from hornbeam.models import Model
from hornbeam.utils.downloads import get_file

__all__ = ["MusicTaggerCRNN", "decode_predictions", "preprocess_input"]

_ORIGIN = "https://github.com/fchollet/deep-learning-models/releases/download/v0.3/"
_BLOCKS = ((64, 2), (128, 3), (128, 4), (128, 4))  # filters and pooling


def MusicTaggerCRNN(weights="msd", input_tensor=None, include_top=True, classes=50):  # noqa: N802
    """Builds MusicTaggerCRNN: four convolutions and two GRUs, 0.4 million weights.

    Args:
        weights: `'msd'` (trained on the Million Song Dataset, downloaded once), or None for random
            ones.
        input_tensor: Tensor to take as the spectrogram.
        include_top: Bool, whether it ends in the tags; else in 32 features.
        classes: Integer, outputs of the classifier.

    Input shape: `(batch, 96, 1366, 1)`: log mel spectrograms, as `preprocess_input` makes them.
    Output shape: `(batch, classes)`, or `(batch, 32)` without the top.

    Raises:
        ValueError: for other weights, or other than 50 classes with the trained ones.

    Source: Choi et al. 2016, arXiv:1609.04243; as in Keras 1.2.2.
    """
    if weights not in ("msd", None):
        raise ValueError(
            "The `weights` argument should be either `None` (random initialization) or `msd` "
            f"(pre-training on Million Song Dataset). Got: {weights!r}."
        )
    if weights == "msd" and include_top and classes != 50:
        raise ValueError(
            "If using `weights` as msd with `include_top` as true, `classes` should be 50; got "
            f"{classes!r}."
        )
    first = K.image_data_format() == "channels_first"
    shape = (1, 96, 1366) if first else (96, 1366, 1)
    if input_tensor is None:
        image = Input(shape=shape)
    elif K.is_keras_tensor(input_tensor):
        image = input_tensor
    else:
        image = Input(tensor=input_tensor, shape=shape)

    x = ZeroPadding2D((0, 37))(image)
    x = BatchNormalization(axis=3 if first else 2, name="bn_0_freq")(x)  # for each moment
    for number, (filters, pool) in enumerate(_BLOCKS, start=1):
        x = Conv2D(filters, 3, padding="same", name=f"conv{number}")(x)
        x = BatchNormalization(axis=channel_axis(), name=f"bn{number}")(x)
        x = ELU()(x)
        x = MaxPooling2D(pool, strides=pool, name=f"pool{number}")(x)
    if first:
        x = Permute((3, 1, 2))(x)
    x = Reshape((15, 128))(x)
    x = GRU(32, recurrent_activation="hard_sigmoid", return_sequences=True, name="gru1")(x)
    x = GRU(32, recurrent_activation="hard_sigmoid", name="gru2")(x)
    if include_top:
        x = Dense(classes, activation="sigmoid", name="output")(x)
    inputs = image if input_tensor is None else get_source_inputs(image)
    model = Model(inputs, x, name="music_tagger_crnn")
    if weights is not None:
        layout = "th" if first else "tf"
        name = f"music_tagger_crnn_weights_tf_kernels_{layout}_dim_ordering.h5"
        model.load_weights(get_file(name, _ORIGIN + name, cache_subdir="models"), by_name=True)
    return model
