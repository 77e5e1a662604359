"""fit with a train_step of one's own: with compiled_loss, without, and a GAN in one model."""
import json
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model, seed=0):
    model.set_weights([fixed(w.shape, seed + i) for i, w in enumerate(model.get_weights())])
    return model


class CustomModel(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.compiled_metrics.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}


loss_tracker = keras.metrics.Mean(name='loss')
mae_metric = keras.metrics.MeanAbsoluteError(name='mae')


class LowLevel(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = keras.losses.mean_squared_error(y, y_pred)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        loss_tracker.update_state(loss)
        mae_metric.update_state(y, y_pred)
        return {'loss': loss_tracker.result(), 'mae': mae_metric.result()}

    @property
    def metrics(self):
        return [loss_tracker, mae_metric]


class GAN(keras.Model):
    def __init__(self, discriminator, generator, latent_dim):
        super(GAN, self).__init__()
        self.discriminator = discriminator
        self.generator = generator
        self.latent_dim = latent_dim

    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super(GAN, self).compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = loss_fn

    def train_step(self, real_images):
        if isinstance(real_images, tuple):
            real_images = real_images[0]
        batch_size = tf.shape(real_images)[0]
        noise = tf.ones((batch_size, self.latent_dim)) * .5
        generated = self.generator(noise)
        combined = tf.concat([generated, real_images], axis=0)
        labels = tf.concat([tf.ones((batch_size, 1)), tf.zeros((batch_size, 1))], axis=0)
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(combined))
        grads = tape.gradient(d_loss, self.discriminator.trainable_weights)
        self.d_optimizer.apply_gradients(zip(grads, self.discriminator.trainable_weights))
        misleading_labels = tf.zeros((batch_size, 1))
        with tf.GradientTape() as tape:
            g_loss = self.loss_fn(misleading_labels, self.discriminator(self.generator(noise)))
        grads = tape.gradient(g_loss, self.generator.trainable_weights)
        self.g_optimizer.apply_gradients(zip(grads, self.generator.trainable_weights))
        return {'d_loss': d_loss, 'g_loss': g_loss}


x, y = fixed((16, 4), 50, 1.), fixed((16, 1), 51, 1.)
inputs = keras.Input(shape=(4,))
outputs = layers.Dense(1)(layers.Dense(5, 'tanh', kernel_regularizer='l2')(inputs))
custom = fill(CustomModel(inputs, outputs))
custom.compile(optimizer=keras.optimizers.SGD(.05), loss='mse', metrics=['mae'])
first = custom.fit(x, y, epochs=3, batch_size=8, shuffle=False, verbose=0,
                   validation_data=(x[:8], y[:8]))
low = fill(LowLevel(inputs, layers.Dense(1)(inputs)))
low.compile(optimizer=keras.optimizers.SGD(.05))
second = low.fit(x, y, epochs=3, batch_size=8, shuffle=False, verbose=0)

discriminator = fill(keras.Sequential([keras.Input((4,)), layers.Dense(5),
                                       layers.LeakyReLU(alpha=.2), layers.Dense(1)]))
generator = fill(keras.Sequential([keras.Input((2,)), layers.Dense(4)]), 20)
gan = GAN(discriminator=discriminator, generator=generator, latent_dim=2)
gan.compile(keras.optimizers.SGD(.1), keras.optimizers.SGD(.1),
            keras.losses.BinaryCrossentropy(from_logits=True))
dataset = tf.data.Dataset.from_tensor_slices(x).batch(8)
third = gan.fit(dataset, epochs=2, verbose=0)

print(json.dumps({
    'first': first.history['loss'],
    'mae': first.history['mae'],
    'val': first.history['val_loss'],
    'second': second.history,
    'gan': {k: [float(v) for v in vs] for k, vs in third.history.items()},
    'generated': generator.predict(np.ones((1, 2))).tolist(),
}))
