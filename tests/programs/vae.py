"""A variational autoencoder whose loss function closes over z_mean and z_log_var."""
import json

import numpy as np

from keras import backend as K
from keras import metrics
from keras.layers import Dense, Input, Lambda
from keras.models import Model

np.random.seed(1337)  # for reproducibility

original_dim = 12
latent_dim = 2
intermediate_dim = 8


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def make_vae(epsilon_std):
    x = Input(shape=(original_dim,))
    h = Dense(intermediate_dim, activation='relu')(x)
    z_mean = Dense(latent_dim)(h)
    z_log_var = Dense(latent_dim)(h)

    def sampling(args):
        z_mean, z_log_var = args
        epsilon = K.random_normal(shape=(K.shape(z_mean)[0], latent_dim), mean=0.,
                                  stddev=epsilon_std)
        return z_mean + K.exp(z_log_var / 2) * epsilon

    z = Lambda(sampling, output_shape=(latent_dim,))([z_mean, z_log_var])
    decoder_h = Dense(intermediate_dim, activation='relu')
    decoder_mean = Dense(original_dim, activation='sigmoid')
    x_decoded_mean = decoder_mean(decoder_h(z))

    def vae_loss(x, x_decoded_mean):
        xent_loss = original_dim * metrics.binary_crossentropy(x, x_decoded_mean)
        kl_loss = - 0.5 * K.sum(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var), axis=-1)
        return K.mean(xent_loss + kl_loss)

    vae = Model(x, x_decoded_mean)
    vae.compile(optimizer='rmsprop', loss=vae_loss)
    vae.set_weights([fixed(w.shape, i) for i, w in enumerate(vae.get_weights())])

    encoder = Model(x, z_mean)
    decoder_input = Input(shape=(latent_dim,))
    generator = Model(decoder_input, decoder_mean(decoder_h(decoder_input)))
    return vae, encoder, generator


random = np.random.RandomState(3)
codes = random.uniform(0, 1, size=(96, 2))
x_train = (codes.dot(random.uniform(-1, 1, size=(2, original_dim))) > 0.1).astype('float32')

# Without noise every number is determined.
vae, encoder, generator = make_vae(epsilon_std=0.)
still = vae.fit(x_train, x_train, shuffle=False, epochs=3, batch_size=32, verbose=0,
                validation_data=(x_train[:40], x_train[:40]))
encoded = encoder.predict(x_train[:4])
decoded = generator.predict(encoded)

# With noise it has to learn all the same, and two predictions differ.
noisy, noisy_encoder, _ = make_vae(epsilon_std=1.)
history = noisy.fit(x_train, x_train, shuffle=True, epochs=40, batch_size=32, verbose=0)
spread = float(np.abs(noisy.predict(x_train[:8]) - noisy.predict(x_train[:8])).max())

# The same model with add_loss and without targets, as later tutorials had it.
inputs = Input(shape=(original_dim,), name='encoder_input')
hidden = Dense(intermediate_dim, activation='relu')(inputs)
z_mean = Dense(latent_dim, name='z_mean')(hidden)
z_log_var = Dense(latent_dim, name='z_log_var')(hidden)
z = Lambda(lambda t: t[0] + K.exp(t[1] / 2) * 0.1)([z_mean, z_log_var])
outputs = Dense(original_dim, activation='sigmoid')(z)
added = Model(inputs, outputs, name='vae_mlp')
reconstruction_loss = metrics.mse(inputs, outputs) * original_dim
kl_loss = K.sum(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var), axis=-1) * -0.5
added.add_loss(K.mean(reconstruction_loss + kl_loss))
added.compile(optimizer='rmsprop')
added.set_weights([fixed(w.shape, i) for i, w in enumerate(added.get_weights())])
without_targets = added.fit(x_train, epochs=3, batch_size=32, shuffle=False, verbose=0)

print(json.dumps({
    'still': still.history['loss'],
    'still_val': still.history['val_loss'],
    'encoded': encoded.tolist(),
    'decoded': decoded.tolist(),
    'noisy': [history.history['loss'][0], history.history['loss'][-1]],
    'spread': spread,
    'added': without_targets.history['loss'],
    'added_eval': float(added.evaluate(x_train, None, verbose=0)),
}))
