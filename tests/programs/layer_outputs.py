"""What layers in the middle put out: K.function([model.input, K.learning_phase()], [...])."""
import json

import numpy as np

from keras import backend as K
from keras.layers import Activation, BatchNormalization, Conv2D, Dense, Dropout, Flatten
from keras.layers import MaxPooling2D
from keras.models import Model, Sequential

np.random.seed(1337)  # for reproducibility


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


model = Sequential()
model.add(Conv2D(4, (3, 3), padding='same', input_shape=(6, 6, 1), name='conv'))
model.add(BatchNormalization(name='norm'))
model.add(Activation('relu', name='act'))
model.add(MaxPooling2D(pool_size=(2, 2), name='pool'))
model.add(Flatten(name='flat'))
model.add(Dropout(0.5, name='drop'))
model.add(Dense(3, activation='softmax', name='top'))
weights = [fixed(w.shape, i) for i, w in enumerate(model.get_weights())]
weights[5] = abs(weights[5]) + 0.5    # the moving variance
model.set_weights(weights)
x = fixed((4, 6, 6, 1), 40, 1.)

get_output = K.function([model.input, K.learning_phase()], [model.get_layer('drop').output])
test = get_output([x, 0])[0]

# Dropout alone, of known numbers.
drop = K.function([model.get_layer('flat').output, K.learning_phase()],
                  [model.get_layer('drop').output])
test_in = 1. + np.arange(36 * 30).reshape(30, 36) % 7
train = drop([test_in, 1])[0]
again = drop([test_in, 1])[0]

# All layers at once, in both phases.
inp = model.input
outputs = [layer.output for layer in model.layers]
functor = K.function([inp, K.learning_phase()], outputs)
layer_outs = functor([x, 0.])
norm_train = K.function([model.layers[0].input, K.learning_phase()],
                        [model.layers[1].output])([x, 1])[0]

# The same through a model that ends in the middle.
middle = Model(inputs=model.input, outputs=model.get_layer('pool').output).predict(x)

gamma, beta, mean, variance = model.get_layer('norm').get_weights()
by_hand = gamma * (layer_outs[0] - mean) / np.sqrt(variance + 1e-3) + beta

kept = train != 0
print(json.dumps({
    'test': test[:2, :8].tolist(),
    'sums': [float(np.abs(o).sum()) for o in layer_outs],
    'norm_error': float(np.abs(layer_outs[1] - by_hand).max()),
    'act_error': float(np.abs(layer_outs[2] - np.maximum(by_hand, 0)).max()),
    'shapes': [list(o.shape) for o in layer_outs],
    'top': layer_outs[-1].tolist(),
    'predict': model.predict(x).tolist(),
    'middle': float(np.abs(middle - layer_outs[3]).max()),
    'norm_train_mean': norm_train.mean(axis=(0, 1, 2)).tolist(),
    'norm_train_std': norm_train.std(axis=(0, 1, 2)).tolist(),
    'uses_learning_phase': bool(model.uses_learning_phase),
    'draws_differ': bool((train != again).any()),
    'dropped': float(1 - kept.mean()),
    'scaled': float(np.abs(train[kept] / test_in[kept] - 2).max()),
}))
