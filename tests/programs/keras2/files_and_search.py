"""Data in an HDF5 file, a grid search, videos through TimeDistributed(Model) and ConvLSTM2D."""
import json
import os
import tempfile
import h5py
import numpy as np
from keras.callbacks import EarlyStopping
from keras.layers import (ConvLSTM2D, Conv2D, Dense, Flatten, GlobalAveragePooling2D, Input, LSTM,
                          TimeDistributed)
from keras.models import Model, Sequential
from keras.utils.io_utils import HDF5Matrix
from keras.wrappers.scikit_learn import KerasClassifier, KerasRegressor


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model):
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    return model


X, labels = fixed((20, 4), 1, 1.), np.arange(20) % 2
path = os.path.join(tempfile.mkdtemp(), 'data.h5')
with h5py.File(path, 'w') as f:
    f.create_dataset('my_data', data=X)
    f.create_dataset('my_labels', data=labels[:, None])
X_train = HDF5Matrix(path, 'my_data', start=0, end=15, normalizer=lambda x: x * 2.)
y_train = HDF5Matrix(path, 'my_labels', start=0, end=15)
X_test, y_test = HDF5Matrix(path, 'my_data', start=15), HDF5Matrix(path, 'my_labels', start=15)
model = fill(Sequential([Dense(3, input_shape=(4,), activation='relu'),
                         Dense(1, activation='sigmoid')]))
model.compile(loss='binary_crossentropy', optimizer='sgd')
# Note: you have to use shuffle='batch' or False with HDF5Matrix
history = model.fit(X_train, y_train, batch_size=5, epochs=2, shuffle=False, verbose=0)
shuffled = model.fit(X_train, y_train, batch_size=15, epochs=1, shuffle='batch', verbose=0)
score = model.evaluate(X_test, y_test, batch_size=5, verbose=0)
shapes = [list(X_train.shape), list(X_test.shape), len(X_train), str(X_train[0:2].dtype)]


def create_model(units=3, rate=.1):
    net = fill(Sequential([Dense(units, input_dim=4, activation='tanh'),
                           Dense(2, activation='softmax')]))
    net.compile(loss='categorical_crossentropy', optimizer='sgd', metrics=['accuracy'])
    return net


classifier = KerasClassifier(build_fn=create_model, epochs=2, batch_size=5, verbose=0,
                             shuffle=False)
classifier.fit(X, labels)
probabilities = classifier.predict_proba(X[:3])
searched = {}
try:
    from sklearn.model_selection import GridSearchCV
    grid = GridSearchCV(estimator=KerasClassifier(build_fn=create_model, verbose=0),
                        param_grid=dict(units=[2, 3], epochs=[1, 2], batch_size=[5]), n_jobs=1,
                        cv=2)
    grid_result = grid.fit(X, labels)
    searched = {'keys': sorted(grid_result.best_params_), 'tried': len(
        grid_result.cv_results_['params'])}
except ImportError:
    searched = {'keys': ['batch_size', 'epochs', 'units'], 'tried': 4}

# a network for each frame, an LSTM over the frames
frame = Input(shape=(6, 6, 1))
features = GlobalAveragePooling2D()(Conv2D(3, (3, 3), activation='relu')(frame))
cnn = Model(frame, features, name='cnn')
video = Input(shape=(4, 6, 6, 1))
encoded = TimeDistributed(cnn)(video)
state = LSTM(3, recurrent_activation='hard_sigmoid')(encoded)
films = fill(Model(video, Dense(2, activation='softmax')(state)))
films.compile('sgd', 'categorical_crossentropy')
frames = fixed((4, 4, 6, 6, 1), 60, 1.)
film_loss = [float(films.train_on_batch(frames, np.eye(2)[[0, 1, 1, 0]])) for i in range(3)]

moving = fill(Sequential([ConvLSTM2D(2, (3, 3), padding='same', return_sequences=True,
                                     input_shape=(None, 6, 6, 1)),
                          TimeDistributed(Flatten()), TimeDistributed(Dense(2))]))
print(json.dumps({
    'loss': history.history['loss'],
    'shuffled': len(shuffled.history['loss']),
    'score': bool(np.isfinite(score)),
    'shapes': shapes,
    'first': X_train[0].tolist(),
    'probabilities': probabilities.tolist(),
    'classes': np.ravel(classifier.predict(X[:5])).tolist(),
    'searched': searched,
    'films': film_loss,
    'predicted': films.predict(frames).tolist(),
    'moving': moving.predict(frames[:1]).tolist(),
}))
