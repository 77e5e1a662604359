"""How large the gradients are: optimizer.get_gradients and K.function on a compiled model."""
import json

import numpy as np

from keras import backend as K
from keras.layers import Dense, Dropout
from keras.models import Sequential


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


model = Sequential()
model.add(Dense(5, input_dim=4, activation='tanh', kernel_regularizer='l2'))
model.add(Dropout(0.3))
model.add(Dense(2, activation='softmax'))
model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
model.compile(optimizer='adam', loss='categorical_crossentropy', metrics=['accuracy'])

x = fixed((10, 4), 8, 2.)
y = np.eye(2)[np.arange(10) % 2]
weights = np.linspace(0.5, 1.5, 10)

gradients = model.optimizer.get_gradients(model.total_loss, model.trainable_weights)
input_tensors = [model.inputs[0],           # input data
                 model.sample_weights[0],   # how much to weight each sample by
                 model.targets[0],          # labels
                 K.learning_phase()]        # train or test mode
get_gradients = K.function(inputs=input_tensors, outputs=gradients)
ones = get_gradients([x, np.ones(10), y, 0])
weighted = get_gradients([x, weights, y, 0])
noisy = [get_gradients([x, np.ones(10), y, 1])[0] for _ in range(2)]


def get_gradient_norm_func(model):
    grads = K.gradients(model.total_loss, model.trainable_weights)
    summed_squares = [K.sum(K.square(g)) for g in grads]
    norm = K.sqrt(sum(summed_squares))
    inputs = model._feed_inputs + model._feed_targets + model._feed_sample_weights
    return K.function(inputs + [K.learning_phase()], [norm, model.total_loss])


norm, loss = get_gradient_norm_func(model)([x, y, np.ones(10), 0])
before = model.evaluate(x, y, verbose=0)
model.fit(x, y, batch_size=10, epochs=1, verbose=0, sample_weight=weights)

# A penalty on the gradients of the inputs, checked against finite differences.
output = model.output[:, 0]
slope = K.gradients(output, model.input)[0]
steepness = K.sum(K.square(slope))
second = K.gradients(steepness, model.input)[0]
f = K.function([model.input, K.learning_phase()], [steepness, second])
point = x[:1]
value, exact = f([point, 0])
finite = np.zeros_like(point)
for i in range(4):
    shift = np.zeros_like(point)
    shift[0, i] = 1e-2
    finite[0, i] = (f([point + shift, 0])[0] - f([point - shift, 0])[0]) / 2e-2

print(json.dumps({
    'names': [w.name.split('/')[-1] for w in model.trainable_weights],
    'gradients': [g.tolist() for g in ones],
    'weighted': [g.tolist() for g in weighted],
    'noise': bool((noisy[0] != noisy[1]).any()),
    'norm': float(norm),
    'loss': [float(loss), float(before[0])],
    'finite_differences': [finite.tolist(), exact.tolist()],
}))
