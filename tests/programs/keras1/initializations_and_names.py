'''Own initializations, activations and objectives; a model's JSON and weights, found by name.'''
import json
import os
import tempfile
import numpy as np
from keras import backend as K
from keras import initializations
from keras.activations import relu
from keras.layers import Dense, Activation, Embedding, LSTM, Convolution2D, Flatten
from keras.models import Sequential, model_from_json, load_model
from keras.objectives import mean_squared_error
from keras.optimizers import adam, sgd, rmsprop, SGD
from keras.utils.generic_utils import get_custom_objects


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def my_init(shape, name=None):
    return K.variable(fixed(shape, 5), name=name)


def my_conv_init(shape, name=None, dim_ordering='tf'):
    return initializations.normal(shape, scale=0.01, name=name)


def swish(x):
    return x * K.sigmoid(x)


def weighted_mse(y_true, y_pred):
    weights = K.cast(K.greater(y_true, 0), 'float32') * 4. + 1.
    return K.mean(weights * K.square(y_pred - y_true), axis=-1)


def root_mean_squared_error(y_true, y_pred):
    return K.sqrt(K.mean(K.square(y_pred - y_true), axis=-1))


model = Sequential()
model.add(Dense(4, input_dim=3, init=my_init, activation=swish))
model.add(Dense(4, init=lambda shape, name=None: K.variable(fixed(shape, 6), name=name)))
model.add(Activation(lambda x: relu(x, alpha=0.1)))
model.add(Dense(2, init=lambda shape, name: initializations.uniform(shape, scale=0.3, name=name)))
drawn = model.layers[-1].get_weights()[0]
model.layers[-1].set_weights([fixed((4, 2), 8), np.zeros(2)])
model.compile(loss=weighted_mse, optimizer=sgd(lr=0.05),
              metrics=[root_mean_squared_error, 'mse', 'mean_absolute_error'])
X, Y = fixed((8, 3), 1, 1.), fixed((8, 2), 2, 1.)
losses = [[float(np.mean(v)) for v in model.train_on_batch(X, Y)] for i in range(3)]

small = Sequential()
small.add(Convolution2D(2, 3, 3, init=my_conv_init, input_shape=(5, 5, 1)))
small.add(Flatten())
std = small.layers[0].get_weights()[0].std()

# architecture to JSON, weights to HDF5, both back again with custom_objects
named = Sequential()
named.add(Dense(4, input_dim=3, activation=swish, W_regularizer='l2'))
named.add(Dense(2, activation='linear'))
named.set_weights([fixed(w.shape, i) for i, w in enumerate(named.get_weights())])
folder = tempfile.mkdtemp()
json_string = named.to_json()
open(os.path.join(folder, 'my_model_architecture.json'), 'w').write(json_string)
named.save_weights(os.path.join(folder, 'my_model_weights.h5'), overwrite=True)
again = model_from_json(open(os.path.join(folder, 'my_model_architecture.json')).read(),
                        custom_objects={'swish': swish})
again.load_weights(os.path.join(folder, 'my_model_weights.h5'))

# registered for good: the string will do
get_custom_objects().update({'swish': swish, 'weighted_mse': weighted_mse})
by_name = Sequential([Dense(4, input_dim=3, activation='swish'), Dense(2)])
by_name.set_weights(named.get_weights())
by_name.compile(adam(lr=0.01), 'weighted_mse')
by_name.save(os.path.join(folder, 'full.h5'))
loaded = load_model(os.path.join(folder, 'full.h5'))
for name in os.listdir(folder):
    os.remove(os.path.join(folder, name))
os.rmdir(folder)

print(json.dumps({
    'losses': losses,
    'names': len(model.metrics_names),
    'predicted': model.predict(X).tolist(),
    'drawn in range': bool(abs(drawn).max() <= 0.3),
    'std': bool(0.003 < std < 0.03),
    'same': bool(np.allclose(again.predict(X), named.predict(X))),
    'by name': by_name.predict(X).tolist(),
    'loaded': bool(np.allclose(loaded.predict(X), by_name.predict(X))),
    'evaluated': [float(np.ravel(m.evaluate(X, Y, verbose=0))[0]) for m in (by_name, loaded)],
    'rate': float(K.get_value(loaded.optimizer.lr)),
    'optimizers': [o().__class__.__name__.lower() for o in (adam, sgd, rmsprop)],
}))
get_custom_objects().clear()
