"""MusicTaggerCRNN: what Keras 1.2.2 computes with the same weights, spectrograms, tags."""

import sys
import types
import zlib

import numpy as np
import pytest

from hornbeam import backend as K
from hornbeam.applications import audio_conv_utils
from hornbeam.applications.music_tagger_crnn import MusicTaggerCRNN

# Of the shapes with which a file of Keras 1.2.2, converted, loads and predicts the same.
CHECKSUM = 209705874


def test_layers_and_weights_are_those_of_keras_1():
    model = MusicTaggerCRNN(weights=None)
    shapes = [weight.shape for weight in model.get_weights()]
    assert model.count_params() == 400562
    assert zlib.crc32(repr(shapes).encode()) == CHECKSUM
    named = [layer.name for layer in model.layers if layer.weights]
    assert named[:3] == ["bn_0_freq", "conv1", "bn1"]
    assert named[-3:] == ["gru1", "gru2", "output"]
    assert MusicTaggerCRNN(weights=None, include_top=False).output_shape == (None, 32)


def test_channels_first_has_the_same_weights():
    last = [weight.shape for weight in MusicTaggerCRNN(weights=None).get_weights()]
    K.set_image_data_format("channels_first")
    try:
        model = MusicTaggerCRNN(weights=None)
    finally:
        K.set_image_data_format("channels_last")
    assert model.input_shape == (None, 1, 96, 1366)
    assert [weight.shape for weight in model.get_weights()] == last


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="`None` .* or `msd`.*'imagenet'"):
        MusicTaggerCRNN(weights="imagenet")
    with pytest.raises(ValueError, match="`classes` should be 50"):
        MusicTaggerCRNN(classes=10)


def test_tags_best_first():
    scores = np.zeros((1, 50))
    scores[0, [9, 49]] = 0.3, 0.7
    assert audio_conv_utils.decode_predictions(scores, top_n=2) == [[("happy", 0.7), ("jazz", 0.3)]]
    with pytest.raises(ValueError, match=r"\(1, 10\)"):
        audio_conv_utils.decode_predictions(np.zeros((1, 10)))


@pytest.mark.parametrize("seconds", [10, 60])
def test_the_middle_of_a_piece_becomes_a_spectrogram(monkeypatch, seconds):
    heard = []

    def melspectrogram(y, sr, n_fft, hop_length, n_mels):
        heard.append(y)
        return np.full((n_mels, len(y) // hop_length + 1), 2.0)

    librosa = types.ModuleType("librosa")
    librosa.load = lambda path, sr: (np.arange(1, seconds * sr + 1, dtype="float32"), sr)
    librosa.feature = types.SimpleNamespace(melspectrogram=melspectrogram)
    librosa.power_to_db = lambda power, ref: 10 * np.log10(power / ref)
    monkeypatch.setitem(sys.modules, "librosa", librosa)
    spectrogram = audio_conv_utils.preprocess_input("piece.mp3")
    assert spectrogram.shape == (96, 1366, 1)
    np.testing.assert_allclose(spectrogram, 10 * np.log10(4.0))
    assert audio_conv_utils.preprocess_input("piece.mp3", "th").shape == (1, 96, 1366)
    if seconds == 10:
        assert heard[0][0] == 1 and heard[0][-1] == 0
    else:
        middle = (seconds * 12000 - len(heard[0])) // 2
        assert heard[0][0] == middle + 1


def test_without_librosa_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "librosa", None)
    with pytest.raises(ImportError, match="pip install librosa"):
        audio_conv_utils.preprocess_input("piece.mp3")
