'''Trains a generative adversarial network on MNIST.

The discriminator learns to tell digits from what the generator draws; the generator learns, through
the discriminator, to draw what it takes for a digit.

Source: Goodfellow et al. 2014, Generative Adversarial Networks, https://arxiv.org/abs/1406.2661
'''
import argparse

import numpy as np

from keras.layers import Dense, Dropout, Input, LeakyReLU
from keras.models import Model, Sequential
from keras.optimizers import Adam

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument('--offline', action='store_true', help='a few digits, and no download')
parser.add_argument('--epochs', type=int, default=None, help='40, or 25 of a few digits')
args = parser.parse_args()

if args.offline:
    from offline_data import mnist
else:
    from keras.datasets import mnist

np.random.seed(1337)  # for reproducibility
latent_dim = 32
batch_size = 64

(x_train, _), (x_test, _) = mnist.load_data()
x_train = x_train.reshape(-1, 784).astype('float32') / 127.5 - 1  # from -1 to 1, as tanh
x_test = x_test.reshape(-1, 784).astype('float32') / 127.5 - 1

generator = Sequential(name='generator')
generator.add(Dense(128, input_dim=latent_dim))
generator.add(LeakyReLU(0.2))
generator.add(Dense(256))
generator.add(LeakyReLU(0.2))
generator.add(Dense(784, activation='tanh'))

discriminator = Sequential(name='discriminator')
discriminator.add(Dense(256, input_dim=784))
discriminator.add(LeakyReLU(0.2))
discriminator.add(Dropout(0.3))
discriminator.add(Dense(128))
discriminator.add(LeakyReLU(0.2))
discriminator.add(Dropout(0.3))
discriminator.add(Dense(1, activation='sigmoid'))
discriminator.compile(optimizer=Adam(lr=0.0005, beta_1=0.5), loss='binary_crossentropy')

# In the combined model only the generator learns: `trainable` counts when a model is compiled
discriminator.trainable = False
noise = Input(shape=(latent_dim,))
combined = Model(noise, discriminator(generator(noise)))
combined.compile(optimizer=Adam(lr=0.0005, beta_1=0.5), loss='binary_crossentropy')


def nearest(images):
    '''The mean squared difference between each image and the test digit most like it.'''
    return np.mean([np.square(x_test - image).mean(axis=1).min() for image in images])


samples = np.random.normal(size=(100, latent_dim))
print('Before training, distance to the nearest digit: %.3f'
      % nearest(generator.predict(samples)))

batches = len(x_train) // batch_size
for epoch in range(1, (args.epochs or (25 if args.offline else 40)) + 1):
    order = np.random.permutation(len(x_train))
    for batch in range(batches):
        real = x_train[order[batch * batch_size:(batch + 1) * batch_size]]
        fake = generator.predict(np.random.normal(size=(batch_size, latent_dim)))
        x = np.concatenate([real, fake])
        y = np.concatenate([np.full(batch_size, 0.9), np.zeros(batch_size)])  # 0.9: less sure
        d_loss = discriminator.train_on_batch(x, y)

        noise = np.random.normal(size=(2 * batch_size, latent_dim))
        g_loss = combined.train_on_batch(noise, np.ones(2 * batch_size))
    if epoch % 10 == 0:
        print('Epoch %3d: discriminator loss %.3f, generator loss %.3f' % (epoch, d_loss, g_loss))

images = generator.predict(samples)
for digit in images[:3].reshape(-1, 28, 28):
    print('\n'.join(''.join(' .:oO@'[int((ink + 1) * 2.99)] for ink in row[::2])
                    for row in digit[::3]))
print('Distance to the nearest digit: %.3f' % nearest(images))
