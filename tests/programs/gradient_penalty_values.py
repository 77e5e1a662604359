"""The gradient penalty with everything fixed, so that each number can be compared.

The mixing weights are an input here. The penalty is a closure, as the first WGAN-GP ports had it.
"""
import json

import numpy as np

import keras.backend as K
from keras.layers import Dense, Input, Lambda
from keras.models import Model
from keras.optimizers import RMSprop, SGD


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


x_in = Input(shape=(3,))
h = Dense(5, activation='tanh')(x_in)
h = Dense(4, activation='softplus')(h)
critic = Model(x_in, Dense(1)(h))
critic.set_weights([fixed(w.shape, i) for i, w in enumerate(critic.get_weights())])

real = Input(shape=(3,))
fake = Input(shape=(3,))
alpha = Input(shape=(1,))
mixed = Lambda(lambda t: t[2] * t[0] + (1. - t[2]) * t[1])([real, fake, alpha])

d_real, d_fake, d_mixed = critic(real), critic(fake), critic(mixed)


def wasserstein(y_true, y_pred):
    return K.mean(y_true * y_pred, axis=-1)


def penalty(y_true, y_pred):
    grads, = K.gradients(K.sum(y_pred), [mixed])
    norm = K.sqrt(K.sum(K.square(grads), axis=1) + K.epsilon())
    return K.square(norm - 1.)


trainer = Model([real, fake, alpha], [d_real, d_fake, d_mixed])
trainer.compile(RMSprop(lr=0.01), loss=[wasserstein, wasserstein, penalty], loss_weights=[1, 1, 10])

a, b, t = fixed((8, 3), 20, 2.), fixed((8, 3), 21, 2.), abs(fixed((8, 1), 22, 1.))
ones = np.ones((8, 1))
steps = [trainer.train_on_batch([a, b, t], [-ones, ones, 0 * ones]) for _ in range(6)]

# The same as a function of the graph: the second derivative, straight from K.gradients.
grads = K.gradients(d_mixed, mixed)[0]
norms = K.sqrt(K.sum(K.square(grads), axis=-1))
second = K.gradients(K.mean(K.square(norms - 1)), critic.trainable_weights[:2])
values = K.function([real, fake, alpha], [norms] + second)([a, b, t])

# ... and as a loss that an optimizer lowers, in K.function.
total = K.mean(d_fake) - K.mean(d_real) + 10 * K.mean(K.square(norms - 1))
optimizer = SGD(lr=0.005)
updates = optimizer.get_updates(total, critic.trainable_weights)
train = K.function([real, fake, alpha], [total], updates=updates)
more = [float(train([a, b, t])[0]) for _ in range(4)]

print(json.dumps({
    'steps': np.array(steps).tolist(),
    'norms': values[0].tolist(),
    'second': [v.tolist() for v in values[1:]],
    'more': more,
    'weights': [w.tolist() for w in critic.get_weights()],
}))
