'''A GAN as of 2016: trainable switched in loops, and what compile had seen of it.'''
import json
import numpy as np
from keras.layers import Input, Dense, Activation, Dropout, BatchNormalization
from keras.layers.advanced_activations import LeakyReLU
from keras.models import Model, Sequential
from keras.optimizers import SGD


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def make_trainable(net, val):
    net.trainable = val
    for l in net.layers:
        l.trainable = val


def fill(model, seed):
    model.set_weights([fixed(w.shape, seed + i) for i, w in enumerate(model.get_weights())])


g_input = Input(shape=[3])
H = Dense(6, init='glorot_normal')(g_input)
H = Activation('relu')(H)
g_V = Dense(4, activation='tanh')(H)
generator = Model(g_input, g_V)
generator.compile(loss='binary_crossentropy', optimizer=SGD(0.05))

d_input = Input(shape=[4])
H = Dense(6)(d_input)
H = LeakyReLU(0.2)(H)
H = Dropout(0.)(H)
d_V = Dense(2, activation='softmax')(H)
discriminator = Model(d_input, d_V)
discriminator.compile(loss='categorical_crossentropy', optimizer=SGD(0.05))
fill(generator, 0)
fill(discriminator, 10)

make_trainable(discriminator, False)
gan_input = Input(shape=[3])
gan_V = discriminator(generator(gan_input))
GAN = Model(gan_input, gan_V)
GAN.compile(loss='categorical_crossentropy', optimizer=SGD(0.05))

losses = {'d': [], 'g': []}
moved = []
real = fixed((4, 4), 50, 1.)
for e in range(4):
    noise = fixed((4, 3), 60 + e, 1.)
    generated = generator.predict(noise)
    X = np.concatenate((real, generated))
    y = np.zeros([8, 2])
    y[:4, 1] = 1
    y[4:, 0] = 1
    make_trainable(discriminator, True)
    before = discriminator.get_weights()[0].copy()
    losses['d'].append(float(discriminator.train_on_batch(X, y)))
    moved.append(bool((before != discriminator.get_weights()[0]).any()))

    y2 = np.zeros([4, 2])
    y2[:, 1] = 1
    make_trainable(discriminator, False)
    before = discriminator.get_weights()[0].copy()
    losses['g'].append(float(GAN.train_on_batch(noise, y2)))
    moved.append(bool((before != discriminator.get_weights()[0]).any()))

# What compile has seen holds until the next one.
layer = Dense(2, input_dim=4)
frozen, free = Sequential([layer]), Sequential([layer])
fill(free, 30)
layer.trainable = False
frozen.compile('sgd', 'mse')
frozen.train_on_batch(real, np.ones((4, 2)))
unmoved = bool((layer.get_weights()[0] == fixed((4, 2), 30)).all())
layer.trainable = True
free.compile('sgd', 'mse')
free_loss = [float(free.train_on_batch(real, np.ones((4, 2)))) for i in range(2)]

print(json.dumps({
    'losses': losses,
    'moved': moved,
    'generated': generator.predict(noise).tolist(),
    'judged': discriminator.predict(real).tolist(),
    'unmoved': unmoved,
    'free': free_loss,
    'counts': [len(m.trainable_weights) for m in (generator, discriminator, GAN)],
}))
