"""Music into what MusicTaggerCRNN was trained on, and its predictions into tags. Of Keras 1."""

import numpy as np

from hornbeam import backend as K

__all__ = ["TAGS", "decode_predictions", "preprocess_input"]

TAGS = [
    *("rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s"),
    *("alternative rock", "jazz", "beautiful", "metal", "chillout", "male vocalists"),
    *("classic rock", "soul", "indie rock", "Mellow", "electronica", "80s", "folk", "90s", "chill"),
    *("instrumental", "punk", "oldies", "blues", "hard rock", "ambient", "acoustic"),
    *("experimental", "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country"),
    *("easy listening", "sexy", "catchy", "funk", "electro", "heavy metal", "Progressive rock"),
    *("60s", "rnb", "indie pop", "sad", "House", "happy"),
]
_RATE = 12000  # samples a second
_SAMPLES = int(29.12 * _RATE)


def preprocess_input(audio_path, dim_ordering="default"):
    """Returns the log mel spectrogram of the middle 29 seconds of an audio file.

    Args:
        audio_path: Path. A shorter piece is filled up with silence.
        dim_ordering: `'tf'` for the shape `(96, 1366, 1)`, `'th'` for `(1, 96, 1366)`;
            `'default'` follows `image_data_format()`.

    Raises:
        ImportError: if librosa is not installed.
        ValueError: for another ordering.
    """
    if dim_ordering == "default":
        dim_ordering = "th" if K.image_data_format() == "channels_first" else "tf"
    if dim_ordering not in ("tf", "th"):
        raise ValueError(f"dim_ordering is {dim_ordering!r}. Expected 'tf', 'th' or 'default'.")
    try:
        import librosa
    except ImportError as error:
        raise ImportError(
            "Librosa is required to process audio files. Install it with `pip install librosa`."
        ) from error
    sound, _ = librosa.load(audio_path, sr=_RATE)
    start = max(0, (len(sound) - _SAMPLES) // 2)
    sound = sound[start : start + _SAMPLES]
    sound = np.pad(sound, (0, _SAMPLES - len(sound)))
    power = librosa.feature.melspectrogram(y=sound, sr=_RATE, n_fft=512, hop_length=256, n_mels=96)
    decibels = librosa.power_to_db(power**2, ref=1.0)  # squared once more, as Keras 1.2.2 does
    return np.expand_dims(decibels, 0 if dim_ordering == "th" else -1)


def decode_predictions(preds, top_n=5):
    """Names the tags that MusicTaggerCRNN found.

    Args:
        preds: Array of shape `(batch, 50)`.
        top_n: Integer, how many tags to name for each piece.

    Returns:
        For each piece a list of pairs `(tag, score)`, best first.

    Raises:
        ValueError: for another shape.
    """
    preds = np.asarray(preds)
    if preds.ndim != 2 or preds.shape[1] != len(TAGS):
        raise ValueError(
            f"decode_predictions expects predictions of shape (batch, 50); got {preds.shape}."
        )
    return [
        sorted(zip(TAGS, scores), key=lambda pair: pair[1], reverse=True)[:top_n]
        for scores in preds
    ]
