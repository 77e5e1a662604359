'''Trains a variational autoencoder on MNIST, with a loss that is made of the model's own tensors.

The encoder gives the mean and the variance of a normal distribution in two dimensions, the decoder
draws a digit from any point of the plane.

Source: Kingma and Welling 2013, Auto-Encoding Variational Bayes, https://arxiv.org/abs/1312.6114
'''
import argparse

import numpy as np

from keras import backend as K
from keras.layers import Dense, Input, Lambda
from keras.losses import binary_crossentropy
from keras.models import Model

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument('--offline', action='store_true', help='a few digits, and no download')
parser.add_argument('--epochs', type=int, default=20)
args = parser.parse_args()

if args.offline:
    from offline_data import mnist
else:
    from keras.datasets import mnist

np.random.seed(1337)  # for reproducibility
original_dim = 784
intermediate_dim = 512
latent_dim = 2
batch_size = 128

(x_train, y_train), (x_test, y_test) = mnist.load_data()
x_train = x_train.reshape(-1, original_dim).astype('float32') / 255
x_test = x_test.reshape(-1, original_dim).astype('float32') / 255


def sampling(arguments):
    '''A point of the distribution: noise, moved and scaled, so that gradients pass.'''
    z_mean, z_log_var = arguments
    epsilon = K.random_normal(shape=K.shape(z_mean))
    return z_mean + K.exp(0.5 * z_log_var) * epsilon


inputs = Input(shape=(original_dim,), name='encoder_input')
x = Dense(intermediate_dim, activation='relu')(inputs)
z_mean = Dense(latent_dim, name='z_mean')(x)
z_log_var = Dense(latent_dim, name='z_log_var')(x)
z = Lambda(sampling, output_shape=(latent_dim,), name='z')([z_mean, z_log_var])
encoder = Model(inputs, [z_mean, z_log_var, z], name='encoder')
encoder.summary()

latent_inputs = Input(shape=(latent_dim,), name='z_sampling')
x = Dense(intermediate_dim, activation='relu')(latent_inputs)
decoded = Dense(original_dim, activation='sigmoid')(x)
decoder = Model(latent_inputs, decoded, name='decoder')
decoder.summary()

outputs = decoder(encoder(inputs)[2])
vae = Model(inputs, outputs, name='vae')

# What the digit lost on its way, and how far the distribution is from the standard one
reconstruction_loss = original_dim * binary_crossentropy(inputs, outputs)
kl_loss = -0.5 * K.sum(1 + z_log_var - K.square(z_mean) - K.exp(z_log_var), axis=-1)
vae.add_loss(K.mean(reconstruction_loss + kl_loss))
vae.compile(optimizer='adam')

vae.fit(x_train,
        epochs=args.epochs,
        batch_size=batch_size,
        verbose=2,
        validation_data=(x_test, None))

# Digits on a line through the plane, as characters
for digit in decoder.predict(np.linspace([-2, -2], [2, 2], 4)).reshape(-1, 28, 28):
    print('\n'.join(''.join(' .:oO@'[int(ink * 5.99)] for ink in row[::2]) for row in digit[::3]))

print('Test loss: %.2f' % vae.evaluate(x_test, None, verbose=0))
