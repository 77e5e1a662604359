"""A GAN: the discriminator trains alone and is frozen inside the combined model."""
import json

import numpy as np

from keras.layers import Activation, BatchNormalization, Dense, Dropout, Input
from keras.models import Model, Sequential
from keras.optimizers import SGD

LATENT = 3


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


class GAN(object):
    def __init__(self, dropout):
        optimizer = SGD(0.1, momentum=0.5)
        self.discriminator = self.build_discriminator(dropout)
        self.discriminator.compile(loss='binary_crossentropy', optimizer=optimizer,
                                   metrics=['accuracy'])
        self.generator = self.build_generator()
        z = Input(shape=(LATENT,))
        img = self.generator(z)
        # For the combined model we will only train the generator
        self.discriminator.trainable = False
        valid = self.discriminator(img)
        self.combined = Model(z, valid)
        self.combined.compile(loss='binary_crossentropy', optimizer=SGD(0.1, momentum=0.5))
        for number, model in enumerate([self.discriminator, self.generator]):
            for place, layer in enumerate(model.layers[-1].layers):
                weights = [fixed(w.shape, 50 * number + 5 * place + i)
                           for i, w in enumerate(layer.get_weights())]
                if isinstance(layer, BatchNormalization):
                    weights[3] = abs(weights[3])
                layer.set_weights(weights)

    def build_generator(self):
        model = Sequential()
        model.add(Dense(6, input_dim=LATENT))
        model.add(Activation('tanh'))
        model.add(BatchNormalization(momentum=0.8))
        model.add(Dense(4, activation='tanh'))
        noise = Input(shape=(LATENT,))
        return Model(noise, model(noise))

    def build_discriminator(self, dropout):
        model = Sequential()
        model.add(Dense(6, input_shape=(4,)))
        model.add(BatchNormalization(momentum=0.8))
        model.add(Activation('relu'))
        model.add(Dropout(dropout))
        model.add(Dense(1, activation='sigmoid'))
        img = Input(shape=(4,))
        return Model(img, model(img))

    def train(self, steps, batch_size=16):
        valid, fake = np.ones((batch_size, 1)), np.zeros((batch_size, 1))
        rows = []
        for step in range(steps):
            imgs = fixed((batch_size, 4), 100 + step) + 0.5
            noise = fixed((batch_size, LATENT), 200 + step, 1.)
            gen_imgs = self.generator.predict(noise)
            d_loss_real = self.discriminator.train_on_batch(imgs, valid)
            d_loss_fake = self.discriminator.train_on_batch(gen_imgs, fake)
            d_loss = 0.5 * np.add(d_loss_real, d_loss_fake)

            before = self.discriminator.get_weights()
            generator_before = self.generator.get_weights()
            g_loss = self.combined.train_on_batch(noise, valid)
            self.same = all(np.array_equal(a, b)
                            for a, b in zip(before, self.discriminator.get_weights()))
            self.moved = [not np.array_equal(a, b)
                          for a, b in zip(generator_before, self.generator.get_weights())]
            rows.append([float(d_loss[0]), float(d_loss[1]), float(g_loss)])
        return rows


def weights_of(model):
    return [w.tolist() for layer in model.layers[-1].layers for w in layer.get_weights()]


gan = GAN(dropout=0.)
first = weights_of(gan.discriminator)
rows = gan.train(steps=6)
discriminator_moved = [a != b for a, b in zip(first, weights_of(gan.discriminator))]

np.random.seed(1337)
noisy = GAN(dropout=0.4)
noisy_rows = noisy.train(steps=30)

print(json.dumps({
    'rows': rows,
    'discriminator': weights_of(gan.discriminator),
    'generator': weights_of(gan.generator),
    'discriminator_moved': discriminator_moved,
    'frozen_unchanged': gan.same and noisy.same,
    'generator_moved': gan.moved,
    'counts': [len(gan.combined.trainable_weights), len(gan.combined.non_trainable_weights),
               len(gan.discriminator.trainable_weights)],
    'noisy_first': noisy_rows[0],
    'noisy_last': noisy_rows[-1],
}))
