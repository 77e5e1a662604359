"""Tutorials, typed as they stand: what they show works, with the numbers of the original."""

import numpy as np

from tests.programs.test_programs import compare, run


def test_documentation_of_callbacks():
    compare("tutorials/callbacks")


def test_outline_from_models_to_utilities():
    # The recording of Adamax has a race of TensorFlow 1 in it: updates that read one another.
    found = compare("tutorials/layers_and_training", "Adamax")
    assert found["Adamax"] == sorted(found["Adamax"], reverse=True)


def test_notes_that_mix_keras_1_and_keras_2():
    found, _ = run("tutorials/image_notes")
    assert found["sequential"] == [784 * 32 + 32 + 32 * 10 + 10, [None, 10]]
    np.testing.assert_allclose(np.sum(found["predicted"], axis=1), 1, rtol=1e-5)
    assert found["unchanged"] == [0, 1, 2, 3]
    lists, labels, trained, tested = found["reviews"]
    assert all(words[0] == 1 and min(words[1:]) > 3 for words in lists)
    assert set(labels) == {0, 1} and (trained, tested) == (30, 10)
    first, flat, weights = found["convolution"]
    assert first == [None, 64, 32, 32] and flat == [None, 65536]
    assert weights == [[3, 3, 3, 64], [64]]
    assert found["labels"] == np.repeat(np.eye(3), 2, axis=0).tolist()
    assert all(found["message"]) and len(found["message"]) == 5


def test_what_a_course_lists_of_tensorflow_keras():
    found, _ = run("tutorials/tensorflow_keras")
    assert found["logs"] == ["accuracy", "loss", "val_accuracy", "val_loss"]
    first, last = found["accuracy"]
    assert last > first + 0.2 and last > 0.6
    assert found["predict"] == [100, 4]
    assert found["shapes"] == {
        "AveragePooling2D": [4, 4, 1],
        "GlobalMaxPooling2D": [1],
        "GlobalAveragePooling2D": [1],
        "UpSampling2D": [16, 16, 1],
        "Reshape": [64],
        "Permute": [3, 4],
        "RepeatVector": [3, 4],
    }
    words = found["words"]                               # the most frequent word is 1
    assert sorted(words[2] + words[3]) == [1, 1, 2, 2]
    assert all(accuracy > 0.95 for accuracy in found["recurrent"].values())
    # The gradient is (600, 800): of norm 0.5 after the first, of values of 0.5 after the second.
    np.testing.assert_allclose(found["clipped"]["SGD clipnorm"], [-0.3, -0.4], rtol=1e-5)
    np.testing.assert_allclose(found["clipped"]["SGD clipvalue"], [-0.5, -0.5], rtol=1e-5)
    for weights in found["clipped"].values():
        assert -4 < min(weights) < max(weights) < 0 or weights[0] == weights[1] < 0
    assert found["augmented"] == [7, 8, 8, 1]
    assert found["load_data"] and found["loaded"] and found["applications"] and found["dot"]
