"""An optimizer written for Keras 1 and 2.0: get_updates(params, constraints, loss).

It does what the momentum SGD of today does; `reference` is that one, from the same start. The
loops below call the built-in optimizers as Keras 2.0 and Keras 1 did.
"""
import json

import numpy as np

from keras import backend as K
from keras.constraints import NonNeg
from keras.layers import Dense
from keras.models import Sequential
from keras.optimizers import Adam, Optimizer, SGD


class OldMomentum(Optimizer):

    def __init__(self, lr=0.01, momentum=0.5, **kwargs):
        super(OldMomentum, self).__init__(**kwargs)
        self.lr = K.variable(lr)
        self.momentum = K.variable(momentum)

    def get_updates(self, params, constraints, loss):
        grads = self.get_gradients(loss, params)
        self.updates = []
        moments = [K.zeros(K.get_variable_shape(p)) for p in params]
        self.weights = moments
        for p, g, m in zip(params, grads, moments):
            v = self.momentum * m - self.lr * g
            self.updates.append(K.update(m, v))
            new_p = p + v
            if p in constraints:
                c = constraints[p]
                new_p = c(new_p)
            self.updates.append(K.update(p, new_p))
        return self.updates


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def train(optimizer):
    model = Sequential()
    model.add(Dense(5, input_dim=3, activation='relu', kernel_constraint=NonNeg()))
    model.add(Dense(2))
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    model.compile(loss='mse', optimizer=optimizer)
    history = model.fit(fixed((20, 3), 5), fixed((20, 2), 6), batch_size=5, epochs=3,
                        shuffle=False, verbose=0)
    return history.history['loss'], [w.tolist() for w in model.get_weights()]


loss, weights = train(OldMomentum(lr=0.1, momentum=0.8))
reference, reference_weights = train(SGD(lr=0.1, momentum=0.8))


def loop(get_updates):
    model = Sequential()
    model.add(Dense(5, input_dim=3, activation='tanh'))
    model.add(Dense(2))
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    target = K.placeholder(shape=(None, 2))
    cost = K.mean(K.square(model.output - target))
    step = K.function([model.input, target], [cost], updates=get_updates(model, cost))
    x, y = fixed((20, 3), 5), fixed((20, 2), 6)
    return [float(step([x, y])[0]) for _ in range(5)]


loops = [
    loop(lambda model, cost: Adam(lr=0.02).get_updates(cost, model.trainable_weights)),
    loop(lambda model, cost: Adam(lr=0.02).get_updates(loss=cost, params=model.trainable_weights)),
    loop(lambda model, cost: Adam(lr=0.02).get_updates(params=model.trainable_weights,
                                                       constraints=[], loss=cost)),
    loop(lambda model, cost: Adam(lr=0.02).get_updates(model.trainable_weights, [], cost)),
    loop(lambda model, cost: Adam(lr=0.02).get_updates(model.trainable_weights, {}, cost)),
]
# A function that only updates: policy gradients were written so.
policy = Sequential([Dense(3, input_dim=4, activation='softmax')])
actions, rewards = K.placeholder(shape=(None, 3)), K.placeholder(shape=(None,))
cost = -K.mean(K.log(K.sum(policy.output * actions, axis=1)) * rewards)
updates = Adam(lr=0.05).get_updates(params=policy.trainable_weights, constraints=[], loss=cost)
improve = K.function(inputs=[policy.input, actions, rewards], outputs=[], updates=updates)
states = fixed((12, 4), 8)
chosen = np.eye(3)[np.zeros(12, dtype=int)]
before = policy.predict(states)[:, 0].mean()
returned = [improve([states, chosen, np.ones(12)]) for _ in range(20)]
after = policy.predict(states)[:, 0].mean()

print(json.dumps({'policy': [float(before), float(after)], 'returned': returned[0],
                  'loops': loops, 'loss': loss, 'reference': reference,
                  'weights': weights, 'reference_weights': reference_weights}))
