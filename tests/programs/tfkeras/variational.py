"""A VAE of TensorFlow 2: a Sampling layer, add_loss, a subclass with encoder and decoder."""
import json
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
import tensorflow.keras.backend as K


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


class Sampling(layers.Layer):
    """Uses (z_mean, z_log_var) to sample z, the vector encoding a digit."""
    def __init__(self, noise=1., **kwargs):
        super().__init__(**kwargs)
        self.noise = noise

    def call(self, inputs):
        z_mean, z_log_var = inputs
        epsilon = self.noise * tf.random.normal(shape=tf.shape(z_mean))
        return z_mean + tf.exp(0.5 * z_log_var) * epsilon


class Encoder(layers.Layer):
    def __init__(self, latent_dim=2, noise=0., name='encoder', **kwargs):
        super(Encoder, self).__init__(name=name, **kwargs)
        self.dense_proj = layers.Dense(5, activation='relu')
        self.dense_mean = layers.Dense(latent_dim)
        self.dense_log_var = layers.Dense(latent_dim)
        self.sampling = Sampling(noise)

    def call(self, inputs):
        x = self.dense_proj(inputs)
        z_mean, z_log_var = self.dense_mean(x), self.dense_log_var(x)
        return z_mean, z_log_var, self.sampling((z_mean, z_log_var))


class VariationalAutoEncoder(keras.Model):
    def __init__(self, original_dim, noise, **kwargs):
        super(VariationalAutoEncoder, self).__init__(**kwargs)
        self.encoder = Encoder(noise=noise)
        self.decoder = keras.Sequential([layers.Dense(5, activation='relu'),
                                         layers.Dense(original_dim, activation='sigmoid')])

    def call(self, inputs):
        z_mean, z_log_var, z = self.encoder(inputs)
        reconstructed = self.decoder(z)
        kl_loss = -0.5 * tf.reduce_mean(z_log_var - tf.square(z_mean) - tf.exp(z_log_var) + 1)
        self.add_loss(kl_loss)
        return reconstructed


class VAE(keras.Model):
    """With the losses tracked by Mean metrics, in a train_step."""
    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.total_loss_tracker = keras.metrics.Mean(name='total_loss')
        self.kl_loss_tracker = keras.metrics.Mean(name='kl_loss')

    @property
    def metrics(self):
        return [self.total_loss_tracker, self.kl_loss_tracker]

    def train_step(self, data):
        with tf.GradientTape() as tape:
            z_mean, z_log_var, z = self.encoder(data)
            reconstruction = self.decoder(z)
            cross_entropy = keras.losses.binary_crossentropy(data[:, None], reconstruction[:, None])
            reconstruction_loss = tf.reduce_mean(tf.reduce_sum(cross_entropy, axis=1))
            kl_loss = -0.5 * (1 + z_log_var - tf.square(z_mean) - tf.exp(z_log_var))
            kl_loss = tf.reduce_mean(tf.reduce_sum(kl_loss, axis=1))
            total_loss = reconstruction_loss + kl_loss
        grads = tape.gradient(total_loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(grads, self.trainable_weights))
        self.total_loss_tracker.update_state(total_loss)
        self.kl_loss_tracker.update_state(kl_loss)
        return {'loss': self.total_loss_tracker.result(), 'kl_loss': self.kl_loss_tracker.result()}


x = fixed((16, 6), 50) + .5
vae = VariationalAutoEncoder(6, noise=0.)
vae(x[:1])
vae.set_weights([fixed(w.shape, i) for i, w in enumerate(vae.get_weights())])
vae.compile(keras.optimizers.SGD(.5), loss=keras.losses.MeanSquaredError())
first = vae.fit(x, x, epochs=3, batch_size=8, shuffle=False, verbose=0)

encoder_inputs = keras.Input(shape=(6,))
h = layers.Dense(5, activation='relu')(encoder_inputs)
z_mean = layers.Dense(2, name='z_mean')(h)
z_log_var = layers.Dense(2, name='z_log_var')(h)
encoder = keras.Model(encoder_inputs, [z_mean, z_log_var, Sampling(0.)([z_mean, z_log_var])])
latent_inputs = keras.Input(shape=(2,))
decoder = keras.Model(latent_inputs, layers.Dense(6, activation='sigmoid')(latent_inputs))
for seed, model in ((0, encoder), (20, decoder)):
    model.set_weights([fixed(w.shape, seed + i) for i, w in enumerate(model.get_weights())])
second_vae = VAE(encoder, decoder)
second_vae.compile(optimizer=keras.optimizers.SGD(.1))
second = second_vae.fit(x, epochs=3, batch_size=8, shuffle=False, verbose=0)

# the functional way, with add_loss on the model
joined = keras.Model(encoder_inputs, decoder(encoder(encoder_inputs)[2]))
joined.add_loss(-0.5 * K.mean(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var)))
joined.compile(keras.optimizers.SGD(.1), 'binary_crossentropy')
third = joined.fit(x, x, epochs=2, batch_size=8, shuffle=False, verbose=0)
noisy = VariationalAutoEncoder(6, noise=1.)
spread = [float(tf.reduce_mean(tf.abs(m(x) - m(x)))) for m in (noisy, vae)]

print(json.dumps({
    'first': first.history['loss'],
    'second': {k: [float(v) for v in vs] for k, vs in second.history.items()},
    'third': third.history['loss'],
    'decoded': decoder.predict(np.array([[0., 1.], [.5, -.5]])).tolist(),
    'encoded': encoder.predict(x[:2])[0].tolist(),
    'noise': [bool(s > 1e-4) for s in spread],
    'losses': len(vae.losses),
}))
