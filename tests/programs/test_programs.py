"""Whole programs of the Keras 2 era, as they stand, through `hornbeam run`.

Each program prints one line of JSON at its end. What is fixed by formula (weights, data, no
shuffling) is compared with what the same program prints under the real Keras 2.3.1, stored in
`expected/` by `regenerate.py`; what is random is checked by a property.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]

# float32 sums in another order; a trajectory of a dozen steps carries such differences along.
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}


def run(name, *arguments):
    """Runs a program; returns what it printed last, and all it printed."""
    process = subprocess.run(
        [sys.executable, "-m", "hornbeam", "run", str(HERE / f"{name}.py"), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout.strip().splitlines()[-1]), process.stdout


def assert_equal(found, expected, place):
    """Asserts that two results are equal: names and structure exactly, numbers nearly."""
    if isinstance(expected, dict):
        assert sorted(found) == sorted(expected), place
        for key in expected:
            assert_equal(found[key], expected[key], f"{place}.{key}")
    elif isinstance(expected, list) and _numbers(expected):
        assert np.shape(found) == np.shape(expected), place
        np.testing.assert_allclose(found, expected, **TOLERANCE, err_msg=place)
    elif isinstance(expected, list):
        assert len(found) == len(expected), place
        for index, (one, other) in enumerate(zip(found, expected)):
            assert_equal(one, other, f"{place}[{index}]")
    elif isinstance(expected, float):
        np.testing.assert_allclose(found, expected, **TOLERANCE, err_msg=place)
    else:
        assert found == expected, place


def _numbers(items):
    try:
        return np.asarray(items).dtype.kind == "f"
    except ValueError:
        return False


def differences(paths, folder, directory):
    """Runs programs in one process, in a directory; tells in what they differ from `expected`.

    Starting a process takes longer than most programs. Returns text, empty if all are as expected.
    """
    process = subprocess.run(
        [sys.executable, "-m", "hornbeam", "run", HERE / "one_process.py", *paths],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=480,
        cwd=directory,
    )
    assert process.returncode == 0, process.stderr
    found = [json.loads(line) for line in process.stdout.splitlines() if line.startswith("{")]
    assert [result["name"] for result in found] == [str(path) for path in paths]
    wrong = []
    for path, result in zip(paths, found):
        expected = HERE / "expected" / folder / f"{path.stem}.json"
        try:
            assert "error" not in result, result.get("error")
            assert_equal(json.loads(result["printed"]), json.loads(expected.read_text()), "printed")
        except AssertionError as error:
            wrong.append(f"{path.stem}: {error}")
    return "\n\n".join(wrong)


def compare(name, *own):
    """Runs a program and compares all it printed, but for `own`, with Keras 2.3.1."""
    found, _ = run(name)
    expected = json.loads((HERE / "expected" / f"{name}.json").read_text())
    assert sorted(found) == sorted(expected)
    for key in expected:
        if key not in own:
            assert_equal(found[key], expected[key], key)
    return found


# ---- the same numbers as Keras 2.3.1


SAME = [
    "attention",
    "custom_callbacks",
    "custom_layers",
    "deep_dream",
    "encoder_decoder",
    "gradient_penalty_values",
    "imdb_reviews",
    "k_function_training",
    "lambda_callbacks",
    "loss_history",
    "lstm_text",
    "masked_bidirectional",
    "model_checkpoint",
    "reuters_topics",
    "saliency",
    "stateful_metrics",
    "stateful_rnn",
    "subclassed_model",
    "tensors_as_inputs",
    "transfer",
    "two_inputs_two_outputs",
    "video_frames",
]
GROUPS = 4  # processes


@pytest.mark.parametrize("part", range(GROUPS))
def test_programs_print_the_numbers_of_keras(part, tmp_path):
    wrong = differences([HERE / f"{name}.py" for name in SAME[part::GROUPS]], "", tmp_path)
    assert not wrong, wrong


def test_optimizer_written_with_get_updates():
    # The metrics of a single batch: Keras 2.3.1 adds what the epoch before has left in them.
    found = compare("custom_optimizer", "one_more", "slower")
    assert found["slower"][0] < found["one_more"][0]


def test_optimizers_in_the_older_orders_of_get_updates():
    found, _ = run("custom_optimizer_old_order")
    assert_equal(found["loss"], found["reference"], "loss")
    assert_equal(found["weights"], found["reference_weights"], "weights")
    assert found["loss"][-1] < 0.98 * found["loss"][0]
    for loop in found["loops"][1:]:
        assert loop == found["loops"][0]
    before, after = found["policy"]
    assert after > before + 0.05
    assert found["returned"] == []


def test_gradient_penalty_critic():
    found, _ = run("wgan_gp")
    assert found["metrics_names"] == ["loss"]
    assert found["values_per_step"] == 4
    assert found["finite"] and found["total_is_sum"]
    first, last = found["penalty"]
    assert last < 0.3 * first
    first, last = found["wasserstein"]
    assert last < first - 0.15                    # the critic has learned to tell them apart
    assert found["generator_loss_falls"]
    assert found["generator_unchanged"] and found["critic_unchanged"]


def test_variational_autoencoder():
    found = compare("vae", "noisy", "spread")
    first, last = found["noisy"]
    assert last < first - 0.4
    assert found["spread"] > 0.01


def test_gan_with_a_frozen_discriminator():
    found = compare("gan", "noisy_first", "noisy_last")
    assert found["frozen_unchanged"]
    assert all(found["generator_moved"])
    assert any(found["discriminator_moved"])
    assert np.isfinite(found["noisy_last"]).all()
    assert found["noisy_last"][0] < found["noisy_first"][0]


def test_siamese_network():
    found = compare("siamese", "noisy_accuracy")
    assert found["noisy_accuracy"] > 0.9


def test_outputs_of_layers_in_both_phases():
    found = compare("layer_outputs", "dropped", "norm_error", "act_error")
    assert found["norm_error"] < 1e-5 and found["act_error"] < 1e-5
    assert 0.45 < found["dropped"] < 0.55


def test_gradients_through_the_optimizer_of_a_compiled_model():
    found = compare("gradient_norms", "finite_differences")
    finite, exact = found["finite_differences"]
    np.testing.assert_allclose(exact, finite, rtol=0.02, atol=1e-4)


def test_generators_and_sequences():
    # evaluate_generator: the loss of Keras 2.3.1 is that of the last batch alone.
    found = compare("generators", "many", "epochs", "scores")
    assert_equal(found["scores"], found["evaluated"], "a generator and its arrays")
    first, last = found["many"]
    assert last < first - 0.02
    assert found["epochs"] == [4, 26]             # on_epoch_end: in __init__, then once an epoch
    assert_equal(found["same"], found["arrays"], "a generator and its arrays")


def test_style_transfer_with_an_optimizer_of_scipy():
    # The search is chaotic near its end; the loss and the gradient that it follows are not.
    found = compare("style_transfer", "losses", "calls", "finite")
    finite, exact = found["finite"]
    np.testing.assert_allclose(exact, finite, rtol=0.01)
    assert found["losses"] == sorted(found["losses"], reverse=True)
    assert found["losses"][-1] < 0.01 * found["loss"]


# ---- properties of programs that Keras 2.3.1 cannot run, or that are random


def test_layer_written_with_jax_numpy():
    found, _ = run("custom_layers_jax")
    assert_equal(found["jax"], found["keras"], "the layer with K and the layer with jax.numpy")
    losses = found["jax"]["loss"]
    assert losses[-1] < losses[0]
    assert found["now"] == [3, 5] and found["built"]


def test_a_seed_repeats_a_run_exactly():
    first, second, other = (run("fixed_seed", seed)[0] for seed in ("7", "7", "8"))
    assert first == second
    assert other["start"] != first["start"] and other["batch"] != first["batch"]


def test_digits_are_learned():
    found, output = run("digits_mlp")
    assert found["accuracy"] > 0.93
    assert found["params"] == 64 * 128 + 128 + 128 * 128 + 128 + 128 * 10 + 10
    first, last = found["first_and_last"]
    assert last > first and last > 0.95
    assert found["classes"] == found["truth"]
    assert 'Model: "sequential_1"' in output and "Epoch 1/12" in output


def test_deep_q_learning_walks_to_the_end():
    found, _ = run("deep_q")
    assert found["policy"] == [1, 1, 1, 1, 1]
    assert 0.8 < found["value"] < 1.2
    assert found["own_copies"]


def test_images_are_classified_with_very_little_data(tmp_path):
    """The tutorial of that name: from scratch, with bottleneck features, and fine-tuned."""
    found, output = run("few_images", str(tmp_path))
    assert "Found 64 images belonging to 2 classes." in output
    assert found["previewed"] == 21
    assert found["classes"] == {"cats": 0, "dogs": 1}
    assert found["files"] == ["cats/cat001.jpg", 64]
    assert found["features"] == [64, 4, 4, 16]
    first, last = found["losses"]
    assert last < 0.5 * first
    for step in ("scratch", "bottleneck", "tuned"):
        assert found[step] >= 0.9, step
    assert found["frozen_same"] and found["moved"] > 0
