"""Models written as classes, with a call of their own."""
import json

import numpy as np

import keras
from keras import backend as K
from keras.layers import Dense, Dropout, Lambda


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


class SimpleMLP(keras.Model):

    def __init__(self, use_dp=False, num_classes=3):
        super(SimpleMLP, self).__init__(name='mlp')
        self.use_dp = use_dp
        self.num_classes = num_classes
        self.dense1 = Dense(8, activation='relu')
        self.dense2 = Dense(num_classes, activation='softmax')
        if self.use_dp:
            self.dp = Dropout(0.5)

    def call(self, inputs):
        x = self.dense1(inputs)
        if self.use_dp:
            x = self.dp(x)
        return self.dense2(x)


class Residual(keras.Model):
    """Two inputs, two outputs, a list of layers, and K functions in call."""

    def __init__(self, depth):
        super(Residual, self).__init__()
        self.entry = Dense(4)
        self.depth = depth
        for i in range(depth):
            setattr(self, 'block_%d' % i, Dense(4, activation='tanh'))
        self.score = Dense(1)
        self.energy = Lambda(lambda t: K.sum(K.square(t), axis=-1, keepdims=True))

    def call(self, inputs):
        a, b = inputs
        x = self.entry(a) + self.entry(b)
        for i in range(self.depth):
            x = x + getattr(self, 'block_%d' % i)(x)
        return [self.score(x), self.energy(x)]


x = fixed((20, 5), 1, 1.)
y = np.eye(3)[np.random.RandomState(2).randint(0, 3, size=20)]

model = SimpleMLP()
model.compile(loss='categorical_crossentropy', optimizer='sgd', metrics=['acc'])
model.train_on_batch(x[:2], y[:2])
model.set_weights([fixed(w.shape, 3 + i) for i, w in enumerate(model.get_weights())])
history = model.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0, validation_data=(x, y))
score = model.evaluate(x, y, verbose=0)
prediction = model.predict(x[:4])

dropping = SimpleMLP(use_dp=True)
dropping.compile(loss='categorical_crossentropy', optimizer='adam')
losses = dropping.fit(x, y, epochs=2, verbose=0).history['loss']
same = np.array_equal(dropping.predict(x), dropping.predict(x))

several = Residual(depth=2)
several.compile(loss=['mse', 'mae'], optimizer='sgd', loss_weights=[1., 0.1])
several.train_on_batch([x, x + 1], [y[:, :1], y[:, :1]])
several.set_weights([fixed(w.shape, 30 + i) for i, w in enumerate(several.get_weights())])
pair = several.fit([x, 1 - x], [y[:, :1], y[:, 1:2]], batch_size=10, epochs=2, shuffle=False,
                   verbose=0)

print(json.dumps({
    'history': {k: [float(v) for v in history.history[k]] for k in sorted(history.history)},
    'score': [float(s) for s in score],
    'prediction': prediction.tolist(),
    'weights': [w.tolist() for w in model.get_weights()],
    'layers': len(model.layers),
    'same': bool(same),
    'finite': bool(np.isfinite(losses).all()),
    'pair': pair.history['loss'],
    'pair_outputs': [o.tolist() for o in several.predict([x[:2], x[2:4]])],
}))
