"""Training loops made of K.function and an optimizer's updates, without compile or fit."""
import json

import numpy as np

from keras import backend as K
from keras import regularizers
from keras.layers import Dense
from keras.models import Sequential
from keras.optimizers import Adagrad, RMSprop, SGD


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def make_model():
    model = Sequential()
    model.add(Dense(8, activation='tanh', input_shape=(5,),
                    kernel_regularizer=regularizers.l2(0.01)))
    model.add(Dense(3, activation='softmax'))
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    return model


x = fixed((24, 5), 10, 2.)
labels = np.random.RandomState(11).randint(0, 3, size=24)
y = np.eye(3, dtype='float32')[labels]

# Keras 2: get_updates(loss, params)
model = make_model()
target = K.placeholder(shape=(None, 3))
loss = K.mean(K.categorical_crossentropy(target, model.output))
for regularization in model.losses:
    loss += regularization
accuracy = K.mean(K.cast(K.equal(K.argmax(target), K.argmax(model.output)), 'float32'))
optimizer = Adagrad(lr=0.05)
updates = optimizer.get_updates(loss, model.trainable_weights)
train = K.function([model.input, target], [loss, accuracy], updates=updates)
adagrad = [[float(v) for v in train([x[i:i + 8], y[i:i + 8]])]
        for epoch in range(3) for i in range(0, 24, 8)]

# Keras 2: everything by name
older = make_model()
loss = K.mean(K.square(target - older.output)) + sum(older.losses)
updates = RMSprop(lr=0.01).get_updates(params=older.trainable_weights, loss=loss)
train_older = K.function(inputs=[older.input, target], outputs=[loss], updates=updates)
rmsprop = [float(train_older([x, y])[0]) for _ in range(4)]

# Keras 1: get_updates(params, constraints, loss), and only some of the weights
oldest = make_model()
loss = -K.mean(K.sum(target * K.log(oldest.output + K.epsilon()), axis=-1))
updates = SGD(lr=0.5, momentum=0.9).get_updates(oldest.layers[-1].trainable_weights, [], loss)
train_oldest = K.function([oldest.input, target], [loss], updates)
before = oldest.layers[0].get_weights()
sgd = [float(train_oldest([x, y])[0]) for _ in range(4)]
untouched = all(np.array_equal(a, b) for a, b in zip(before, oldest.layers[0].get_weights()))

# A policy gradient: pairs as updates; a scalar placeholder as the learning rate.
policy = make_model()
actions = K.placeholder(shape=(None, 3), name='actions')
advantages = K.placeholder(shape=(None,), name='advantages')
rate = K.placeholder(ndim=0)
chosen = K.sum(policy.output * actions, axis=1)
loss = -K.mean(K.log(chosen) * K.stop_gradient(advantages))
grads = K.gradients(loss, policy.trainable_weights)
improve = K.function([policy.input, actions, advantages, rate], [loss],
                     updates=[(w, w - rate * g) for w, g in zip(policy.trainable_weights, grads)])
returned = [float(improve([x, y, fixed((24,), 30, 1.), 0.3])[0]) for _ in range(3)]

print(json.dumps({
    'adagrad': adagrad,
    'adagrad_weights': [w.tolist() for w in model.get_weights()],
    'adagrad_state': [w.tolist() for w in optimizer.get_weights()[:2]],
    'rmsprop': rmsprop,
    'sgd': sgd,
    'untouched': untouched,
    'returned': returned,
    'policy': policy.predict(x[:3]).tolist(),
}))
