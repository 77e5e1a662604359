"""Optimizers of one's own, in Keras 2's style: get_updates(loss, params) on symbolic tensors."""
import json

import numpy as np

from keras import backend as K
from keras.constraints import max_norm
from keras.layers import Dense
from keras.models import Sequential
from keras.optimizers import Optimizer


class SignMomentum(Optimizer):
    """Moves by the sign of an average of the gradients, by less and less."""

    def __init__(self, learning_rate=0.01, beta=0.9, decay=0., **kwargs):
        super(SignMomentum, self).__init__(**kwargs)
        with K.name_scope(self.__class__.__name__):
            self.iterations = K.variable(0, dtype='int64', name='iterations')
            self.learning_rate = K.variable(learning_rate, name='learning_rate')
            self.beta = K.variable(beta, name='beta')
            self.decay = K.variable(decay, name='decay')
            self.rest = K.variable(1., name='rest')
        self.initial_decay = decay

    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1)]

        lr = self.learning_rate
        if self.initial_decay > 0:
            rest_t = self.rest * (1. - self.decay)
            self.updates.append((self.rest, rest_t))
            lr = lr * K.maximum(rest_t, 0.1)

        shapes = [K.int_shape(p) for p in params]
        averages = [K.zeros(shape) for shape in shapes]
        self.weights = [self.iterations] + averages
        for p, g, m in zip(params, grads, averages):
            m_t = (self.beta * m) + (1. - self.beta) * g
            self.updates.append(K.update(m, m_t))
            new_p = p - lr * K.sign(m_t) * K.switch(K.abs(m_t) > 1e-3,
                                                    K.ones_like(m_t), K.zeros_like(m_t))
            if getattr(p, 'constraint', None) is not None:
                new_p = p.constraint(new_p)
            self.updates.append(K.update(p, new_p))
        return self.updates

    def get_config(self):
        config = {'learning_rate': float(K.get_value(self.learning_rate)),
                  'beta': float(K.get_value(self.beta)),
                  'decay': float(K.get_value(self.decay))}
        base_config = super(SignMomentum, self).get_config()
        return dict(list(base_config.items()) + list(config.items()))


class Lookahead(object):
    """Wraps a compiled model's optimizer: slow weights follow the fast ones every k steps."""

    def __init__(self, optimizer, k=3, alpha=0.5):
        self.optimizer = optimizer
        self.k = k
        self.alpha = alpha

    def inject(self, model):
        model._check_trainable_weights_consistency()
        fast_updates = self.optimizer.get_updates(
            params=model._collected_trainable_weights, loss=model.total_loss)
        slow_params = [K.variable(K.get_value(p)) for p in model._collected_trainable_weights]
        inputs = model._feed_inputs + model._feed_targets + model._feed_sample_weights
        fast = K.function(inputs, [model.total_loss], updates=fast_updates)
        slow = [K.update(q, q + self.alpha * (p - q))
                for p, q in zip(model._collected_trainable_weights, slow_params)]
        copy = [K.update(p, q) for p, q in zip(model._collected_trainable_weights, slow_params)]
        move = K.function([], [K.constant(0.)], updates=slow)
        reset = K.function([], [K.constant(0.)], updates=copy)
        self.count = 0

        def step(arrays):
            self.count += 1
            loss = fast(arrays)
            if self.count % self.k == 0:
                move([])
                reset([])
            return loss
        return step


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def make_model():
    model = Sequential()
    model.add(Dense(6, input_dim=4, activation='tanh', kernel_constraint=max_norm(1.)))
    model.add(Dense(1, activation='sigmoid'))
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    return model


x = fixed((40, 4), 10, 2.)
y = (x[:, :1] * x[:, 1:2] > 0).astype('float32')

model = make_model()
optimizer = SignMomentum(learning_rate=0.02, decay=0.05, clipnorm=1.)
model.compile(loss='binary_crossentropy', optimizer=optimizer, metrics=['accuracy'])
history = model.fit(x, y, batch_size=16, epochs=4, shuffle=False, verbose=0)
model.reset_metrics()
one_more = model.train_on_batch(x[:8], y[:8])
K.set_value(model.optimizer.lr, 0.5 * K.get_value(model.optimizer.lr))
model.reset_metrics()
slower = model.train_on_batch(x[:8], y[:8])

second = make_model()
second.compile(loss='mse', optimizer='rmsprop')
step = Lookahead(second.optimizer).inject(second)
ones = np.ones(len(x))
lookahead = [float(step([x, y, ones])[0]) for _ in range(7)]

print(json.dumps({
    'loss': history.history['loss'],
    'accuracy': [float(v) for v in history.history['accuracy']],
    'one_more': [float(v) for v in one_more],
    'slower': [float(v) for v in slower],
    'config': model.optimizer.get_config(),
    'iterations': int(K.get_value(model.optimizer.iterations)),
    'slots': [w.tolist() for w in model.optimizer.get_weights()[1:]],
    'weights': [w.tolist() for w in model.get_weights()],
    'lookahead': lookahead,
    'lookahead_weights': [w.tolist() for w in second.get_weights()],
}))
