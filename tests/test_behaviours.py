"""What the documentation promises beyond names and arguments, and the test that shows each."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent

# A behaviour in words: the tests that show it.
BEHAVIOURS = {
    "fit(callbacks=...) takes a single callback that is in no list": [
        "callbacks/test_in_fit.py::test_early_stopping_needs_no_list_around_it",
    ],
    "SGD, Adagrad, RMSprop, Adadelta and Adam take clipnorm, clipvalue and lr": [
        "optimizers/test_optimizers.py::"
        "test_clipnorm_clipvalue_and_lr_mean_the_same_in_every_optimizer",
        "optimizers/test_optimizers.py::test_learning_rate_is_one_variable_under_two_names",
        "programs/test_tutorials.py::test_what_a_course_lists_of_tensorflow_keras",
    ],
    "Pictures are read from data/{train,validation}/{dogs,cats}, a folder a class": [
        "programs/test_programs.py::test_images_are_classified_with_very_little_data",
    ],
    "The first layer takes input_shape=(784,), or input_dim=784": [
        "engine/test_layer.py::test_input_shapes_in_every_spelling",
        "programs/test_tutorials.py::test_notes_that_mix_keras_1_and_keras_2",
    ],
    "Conv2D(64, 3, 3, border_mode='same', input_shape=(3, 32, 32)) in either data format": [
        "layers/test_keras1.py::"
        "test_a_convolution_of_keras_1_reads_its_input_shape_by_the_data_format",
    ],
    "Integer targets with categorical_crossentropy: the message of Keras says what to do": [
        "training/test_bad_input.py::"
        "test_categorical_crossentropy_with_integer_labels_says_how_to_put_it_right",
        "programs/test_tutorials.py::test_notes_that_mix_keras_1_and_keras_2",
    ],
    "Logs have acc and val_acc, or accuracy and val_accuracy, and find each other": [
        "training/test_fit.py::test_acc_and_accuracy_find_each_other",
    ],
    "A callback LossHistory with on_train_begin(self, logs={}) and on_batch_end": [
        "programs/test_programs.py::test_programs_print_the_numbers_of_keras",
    ],
    "kernel_initializer='uniform' and other old short names": [
        "test_initializers.py::test_every_name_finds_one_and_survives_its_config",
    ],
    "Images have their channels first or last": [
        "backend/test_convolution.py::test_conv2d",
        "layers/test_keras1.py::"
        "test_a_convolution_of_keras_1_reads_its_input_shape_by_the_data_format",
        "saving/test_originals.py::test_loads_predicts_and_trains_on_as_the_original",
    ],
    "An HDF5 file holds structure, weights, training configuration and the optimizer's state": [
        "saving/test_files.py::test_structure_and_summary_are_those_of_keras",
        "saving/test_files.py::test_a_file_of_keras_predicts_the_same",
        "saving/test_files.py::test_what_compile_was_given_comes_back",
        "saving/test_files.py::test_the_optimizer_state_of_keras_is_read",
        "saving/test_files.py::test_training_in_two_parts_is_training_in_one",
    ],
    "validation_split takes the last samples, before any are shuffled": [
        "training/test_fit.py::test_validation_split_takes_the_last_samples",
        "training/test_fit.py::test_shuffled_training_leaves_the_validation_samples_alone",
    ],
    "Kernels and normalization of Theano's and TensorFlow's order are told apart": [
        "saving/test_originals.py::test_loads_predicts_and_trains_on_as_the_original",
        "utils/test_layer_utils.py::test_kernels_of_convolutions_are_turned_twice_to_where_they_were",
        "utils/test_layer_utils.py::test_dense_weights_follow_the_layout_of_the_images",
    ],
    "kernel_, bias_ and activity_regularizer, kernel_ and bias_constraint": [
        "engine/test_layer.py::test_activity_regularizers",
        "engine/test_layer.py::"
        "test_regularizers_and_constraints_of_kernel_and_bias_act_in_training",
    ],
}


def functions_of(path):
    tree = ast.parse((TESTS / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_every_documented_behaviour_has_its_tests(behaviour):
    for test in BEHAVIOURS[behaviour]:
        path, name = test.split("::")
        assert name in functions_of(path)
