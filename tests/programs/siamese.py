"""A siamese network: one tower for both images of a pair, a distance, a contrastive loss."""
from __future__ import absolute_import, print_function

import json
import random

import numpy as np

from keras import backend as K
from keras.layers import Dense, Dropout, Flatten, Input, Lambda
from keras.models import Model
from keras.optimizers import RMSprop

np.random.seed(1337)  # for reproducibility


def euclidean_distance(vects):
    x, y = vects
    sum_square = K.sum(K.square(x - y), axis=1, keepdims=True)
    return K.sqrt(K.maximum(sum_square, K.epsilon()))


def eucl_dist_output_shape(shapes):
    shape1, shape2 = shapes
    return (shape1[0], 1)


def contrastive_loss(y_true, y_pred):
    margin = 1
    square_pred = K.square(y_pred)
    margin_square = K.square(K.maximum(margin - y_pred, 0))
    return K.mean(y_true * square_pred + (1 - y_true) * margin_square)


def create_base_network(input_shape, rate):
    input = Input(shape=input_shape)
    x = Flatten()(input)
    x = Dense(12, activation='relu')(x)
    x = Dropout(rate)(x)
    x = Dense(6, activation='relu')(x)
    return Model(input, x)


def compute_accuracy(y_true, y_pred):
    pred = y_pred.ravel() < 0.5
    return np.mean(pred == y_true)


def accuracy(y_true, y_pred):
    return K.mean(K.equal(y_true, K.cast(y_pred < 0.5, y_true.dtype)))


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def build(rate):
    base_network = create_base_network((4, 3), rate)
    input_a = Input(shape=(4, 3))
    input_b = Input(shape=(4, 3))
    processed_a = base_network(input_a)
    processed_b = base_network(input_b)
    distance = Lambda(euclidean_distance,
                      output_shape=eucl_dist_output_shape)([processed_a, processed_b])
    model = Model([input_a, input_b], distance)
    model.compile(loss=contrastive_loss, optimizer=RMSprop(lr=0.01), metrics=[accuracy])
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    return model, base_network


# Pairs of noisy copies of four patterns.
patterns = fixed((4, 4, 3), 50, 1.5)
generator = np.random.RandomState(51)
pairs, labels = [], []
for index in range(64):
    one = index % 4
    other = one if index % 2 == 0 else (one + 1 + index // 4 % 3) % 4
    pairs.append([patterns[one] + 0.1 * generator.normal(size=(4, 3)),
                  patterns[other] + 0.1 * generator.normal(size=(4, 3))])
    labels.append(int(one == other))
tr_pairs, tr_y = np.array(pairs, dtype='float32'), np.array(labels)

model, base_network = build(rate=0.)
history = model.fit([tr_pairs[:, 0], tr_pairs[:, 1]], tr_y, batch_size=16, epochs=5, shuffle=False,
                    verbose=0, validation_data=([tr_pairs[:20, 0], tr_pairs[:20, 1]], tr_y[:20]))
y_pred = model.predict([tr_pairs[:, 0], tr_pairs[:, 1]])

noisy, _ = build(rate=0.1)
noisy.fit([tr_pairs[:, 0], tr_pairs[:, 1]], tr_y, batch_size=16, epochs=25, verbose=0)
noisy_accuracy = compute_accuracy(tr_y, noisy.predict([tr_pairs[:, 0], tr_pairs[:, 1]]))

print(json.dumps({
    'history': {k: [float(v) for v in history.history[k]] for k in sorted(history.history)},
    'distances': y_pred[:6].tolist(),
    'shape': list(y_pred.shape),
    'number_of_weights': len(model.weights),
    'embedding': base_network.predict(tr_pairs[:2, 0]).tolist(),
    'calls_of_tower': len(base_network._inbound_nodes),
    'shape_of_call': list(base_network.get_output_shape_at(1)),
    'weights': [w.tolist() for w in model.get_weights()],
    'noisy_accuracy': float(noisy_accuracy),
}))
