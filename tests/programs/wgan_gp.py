"""Improved Wasserstein GAN: a critic with a gradient penalty, on points of a ring.

The penalty's loss function gets the symbolic averaged samples through functools.partial and asks
K.gradients for the gradients of what it is given.
"""
from __future__ import print_function

import json
from functools import partial

import numpy as np

from keras import backend as K
from keras.layers import Activation, Dense, Input
from keras.layers.merge import _Merge
from keras.models import Model, Sequential
from keras.optimizers import Adam

BATCH_SIZE = 32
TRAINING_RATIO = 4
GRADIENT_PENALTY_WEIGHT = 10
LATENT = 4


def wasserstein_loss(y_true, y_pred):
    return K.mean(y_true * y_pred)


def gradient_penalty_loss(y_true, y_pred, averaged_samples, gradient_penalty_weight):
    gradients = K.gradients(y_pred, averaged_samples)[0]
    gradients_sqr = K.square(gradients)
    gradients_sqr_sum = K.sum(gradients_sqr, axis=np.arange(1, len(gradients_sqr.shape)))
    gradient_l2_norm = K.sqrt(gradients_sqr_sum)
    gradient_penalty = gradient_penalty_weight * K.square(1 - gradient_l2_norm)
    return K.mean(gradient_penalty)


class RandomWeightedAverage(_Merge):
    """A point on the line between each pair of samples, chosen at random."""

    def _merge_function(self, inputs):
        weights = K.random_uniform((BATCH_SIZE, 1))
        return (weights * inputs[0]) + ((1 - weights) * inputs[1])


def make_generator():
    model = Sequential()
    model.add(Dense(16, input_dim=LATENT))
    model.add(Activation('relu'))
    model.add(Dense(2))
    return model


def make_discriminator():
    model = Sequential()
    model.add(Dense(32, input_dim=2, activation='tanh'))
    model.add(Dense(32, activation='tanh'))
    model.add(Dense(1))
    return model


np.random.seed(7)
angles = np.random.uniform(0, 2 * np.pi, size=1024)
X_train = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)

generator = make_generator()
discriminator = make_discriminator()

for layer in discriminator.layers:
    layer.trainable = False
discriminator.trainable = False
generator_input = Input(shape=(LATENT,))
generator_layers = generator(generator_input)
discriminator_layers_for_generator = discriminator(generator_layers)
generator_model = Model(inputs=[generator_input], outputs=[discriminator_layers_for_generator])
generator_model.compile(optimizer=Adam(0.001, beta_1=0.5, beta_2=0.9), loss=wasserstein_loss)

for layer in discriminator.layers:
    layer.trainable = True
for layer in generator.layers:
    layer.trainable = False
discriminator.trainable = True
generator.trainable = False

real_samples = Input(shape=X_train.shape[1:])
generator_input_for_discriminator = Input(shape=(LATENT,))
generated_samples_for_discriminator = generator(generator_input_for_discriminator)
discriminator_output_from_generator = discriminator(generated_samples_for_discriminator)
discriminator_output_from_real_samples = discriminator(real_samples)
averaged_samples = RandomWeightedAverage()([real_samples, generated_samples_for_discriminator])
averaged_samples_out = discriminator(averaged_samples)

partial_gp_loss = partial(gradient_penalty_loss,
                          averaged_samples=averaged_samples,
                          gradient_penalty_weight=GRADIENT_PENALTY_WEIGHT)
partial_gp_loss.__name__ = 'gradient_penalty'

discriminator_model = Model(inputs=[real_samples, generator_input_for_discriminator],
                            outputs=[discriminator_output_from_real_samples,
                                     discriminator_output_from_generator,
                                     averaged_samples_out])
discriminator_model.compile(optimizer=Adam(0.001, beta_1=0.5, beta_2=0.9),
                            loss=[wasserstein_loss, wasserstein_loss, partial_gp_loss])

positive_y = np.ones((BATCH_SIZE, 1), dtype=np.float32)
negative_y = -positive_y
dummy_y = np.zeros((BATCH_SIZE, 1), dtype=np.float32)

frozen_start = generator.get_weights()
discriminator_loss = []
for step in range(160):
    batch = X_train[np.random.randint(0, len(X_train), BATCH_SIZE)]
    noise = np.random.rand(BATCH_SIZE, LATENT).astype(np.float32)
    discriminator_loss.append(discriminator_model.train_on_batch(
        [batch, noise], [positive_y, negative_y, dummy_y]))
generator_unchanged = all(
    np.array_equal(a, b) for a, b in zip(frozen_start, generator.get_weights()))

critic_start = discriminator.get_weights()
noise = np.random.rand(BATCH_SIZE, LATENT).astype(np.float32)
generator_loss = [float(generator_model.train_on_batch(noise, positive_y)) for _ in range(20)]
critic_unchanged = all(
    np.array_equal(a, b) for a, b in zip(critic_start, discriminator.get_weights()))

discriminator_loss = np.array(discriminator_loss)
total, penalty = discriminator_loss[:, 0], discriminator_loss[:, 3]
distance = discriminator_loss[:, 1:3].sum(axis=1)
print(json.dumps({
    'metrics_names': discriminator_model.metrics_names[:1],
    'values_per_step': discriminator_loss.shape[1],
    'finite': bool(np.isfinite(discriminator_loss).all()),
    'penalty': [float(penalty[:10].mean()), float(penalty[-10:].mean())],
    'wasserstein': [float(distance[:10].mean()), float(distance[-10:].mean())],
    'total_is_sum': bool(np.allclose(total, distance + penalty, rtol=1e-4, atol=1e-4)),
    'generator_loss_falls': generator_loss[-1] < generator_loss[0],
    'generator_unchanged': generator_unchanged,
    'critic_unchanged': critic_unchanged,
}))
