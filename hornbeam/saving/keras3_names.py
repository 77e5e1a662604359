"""What Keras 3 and late tf.keras call otherwise than Keras 2.3.1: tables for both directions."""

# Class -> Keras 3's name of an argument -> ours.
RENAMED = {
    "InputLayer": {"batch_shape": "batch_input_shape"},
    "LeakyReLU": {"negative_slope": "alpha"},
}

ANY = object()  # in NEUTRAL: whatever the value, it changes nothing in a prediction

# Arguments that later versions added -> the values at which they mean what Keras 2.3.1 does.
NEUTRAL = {
    "autocast": (ANY,),
    "data_format": ("channels_last", None),  # of ZeroPadding1D, for instance
    "dilation_rate": (1, [1], [1, 1], [1, 1, 1]),
    "gptq_unpacked_column_size": (ANY,),
    "groups": (1,),
    "input_axes": (None,),
    "keepdims": (False, None),
    "label_weights": (None,),
    "lora_alpha": (ANY,),
    "lora_rank": (None,),
    "multi_label": (False,),
    "noise_shape": (None,),
    "num_labels": (None,),
    "optional": (False,),
    "output_axes": (None,),
    "output_padding": (None,),
    "quantization_config": (None,),
    "ragged": (False,),
    "renorm": (False,),
    "renorm_clipping": (None, {}),
    "renorm_momentum": (ANY,),
    "seed": (ANY,),  # other random numbers anyway
    "sparse": (False,),
    "synchronized": (ANY,),  # of several devices
    "time_major": (False,),
    "use_cudnn": (ANY,),
    "zero_output_for_mask": (False,),
}

# Optimizers' arguments of later versions, likewise.
OPTIMIZER_NEUTRAL = {
    "centered": (False,),
    "clipnorm": (None,),
    "clipvalue": (None,),
    "ema_momentum": (ANY,),
    "ema_overwrite_frequency": (ANY,),
    "global_clipnorm": (None,),
    "gradient_accumulation_steps": (None, 1),
    "initial_accumulator_value": (ANY,),  # the slots are in the file
    "is_legacy_optimizer": (ANY,),
    "jit_compile": (ANY,),
    "loss_scale_factor": (None,),
    "momentum": (0, None),
    "name": (ANY,),
    "use_ema": (False,),
    "weight_decay": (None, 0),
}

# Arguments of ours that Keras 3 does not know.
LACKING = {
    "Embedding": ("input_length",),
    "GRU": ("implementation",),
    "GRUCell": ("implementation",),
    "LSTM": ("implementation",),
    "LSTMCell": ("implementation",),
    "Recurrent": ("implementation",),
    "SpatialDropout1D": ("noise_shape", "trainable"),
    "SpatialDropout2D": ("noise_shape", "trainable"),
    "SpatialDropout3D": ("noise_shape", "trainable"),
}

# Layers of ours that Keras 3 does not have.
ONLY_HERE = frozenset(
    [
        "AtrousConvolution1D",
        "AtrousConvolution2D",
        "ConvLSTM2DCell",
        "ConvRNN2D",
        "ConvRecurrent2D",
        "CuDNNGRU",
        "CuDNNLSTM",
        "Highway",
        "LocallyConnected1D",
        "LocallyConnected2D",
        "MaxoutDense",
        "Merge",
        "ParametricSoftplus",
        "Recurrent",
        "SReLU",
        "ThresholdedReLU",
        "TimeDistributedDense",
    ]
)

# Arguments that a base class of ours takes, but not the class.
NOT_ITS_OWN = {"ZeroPadding1D": ("data_format",)}

# Activations whose formula changed under the same name: Keras 3's name -> ours.
ACTIVATIONS = {"hard_sigmoid": "keras3>hard_sigmoid"}
ACTIVATION_ARGUMENTS = ("activation", "recurrent_activation")

# Keras 2's hard_sigmoid, clip(0.2 x + 0.5, 0, 1), as two layers of Keras 3.
HARD_SIGMOID = (
    ("Rescaling", {"scale": 0.2, "offset": 0.5}),
    ("ReLU", {"max_value": 1.0, "negative_slope": 0.0, "threshold": 0.0}),
)

# Bilinear interpolation counts from the pixels' centres since TensorFlow 2: its name here.
BILINEAR = "bilinear_half_pixel"

# Loss and metric functions: ours -> Keras 3's.
FUNCTIONS = {
    "BCE": "binary_crossentropy",
    "KLD": "kl_divergence",
    "MAE": "mean_absolute_error",
    "MAPE": "mean_absolute_percentage_error",
    "MSE": "mean_squared_error",
    "MSLE": "mean_squared_logarithmic_error",
    "acc": "accuracy",
    "cosine": "cosine_similarity",
    "cosine_proximity": "cosine_similarity",
    "kld": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence",
    "logcosh": "log_cosh",
}

# Operations between layers that a layer of ours does as well: name -> (layer class, config).
# First those that take several tensors, then those that take one.
MERGES = {name: (name, {}) for name in ("Add", "Maximum", "Minimum", "Multiply", "Subtract")}
UNARY = {
    name: ("Activation", {"activation": activation})
    for name, activation in {
        "Elu": "elu",
        "Exp": "exponential",
        "Gelu": "gelu",
        "Relu": "relu",
        "Selu": "selu",
        "Sigmoid": "sigmoid",
        "Silu": "silu",
        "Softmax": "softmax",
        "Softplus": "softplus",
        "Softsign": "softsign",
        "Tanh": "tanh",
    }.items()
}


def is_neutral(table, name, value):
    """Whether an argument may be left out, its value being one that changes nothing."""
    value = list(value) if isinstance(value, tuple) else value
    return any(known is ANY or known == value for known in table.get(name, ()))
