"""Metrics that add up over an epoch, and metrics that are only averaged."""
import json

import numpy as np

import keras
import keras.backend as K
from keras import metrics
from keras.layers import Dense
from keras.models import Sequential


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def f1(y_true, y_pred):
    """Computed batch by batch, as it was done before there were stateful metrics."""
    true_positives = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    possible_positives = K.sum(K.round(K.clip(y_true, 0, 1)))
    predicted_positives = K.sum(K.round(K.clip(y_pred, 0, 1)))
    precision = true_positives / (predicted_positives + K.epsilon())
    recall = true_positives / (possible_positives + K.epsilon())
    return 2 * ((precision * recall) / (precision + recall + K.epsilon()))


class BinaryTruePositives(keras.metrics.Metric):
    def __init__(self, name='true_positives', **kwargs):
        super(BinaryTruePositives, self).__init__(name=name, **kwargs)
        self.true_positives = self.add_weight(name='tp', initializer='zeros')

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_true = K.cast(y_true, 'bool')
        y_pred = K.cast(K.greater(y_pred, 0.5), 'bool')
        values = K.cast(K.all(K.stack([y_true, y_pred], axis=0), axis=0), 'float32')
        if sample_weight is not None:
            values = values * K.cast(K.reshape(sample_weight, (-1, 1)), 'float32')
        return [K.update_add(self.true_positives, K.sum(values))]

    def result(self):
        return self.true_positives


def r_squared(y_true, y_pred):
    residual = K.sum(K.square(y_true - y_pred))
    total = K.sum(K.square(y_true - K.mean(y_true)))
    return 1 - residual / (total + K.epsilon())


x = fixed((29, 4), 10, 2.)
y = (x[:, 0] + fixed((29,), 12) > 0).astype('int32')

model = Sequential()
model.add(Dense(6, input_dim=4, activation='tanh'))
model.add(Dense(1, activation='sigmoid'))
model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
model.compile(optimizer='rmsprop', loss='binary_crossentropy',
              metrics=['accuracy', metrics.Precision(name='precision'),
                       metrics.Recall(name='recall'),
                       metrics.AUC(num_thresholds=50, name='auc'), f1, r_squared,
                       BinaryTruePositives(), metrics.FalseNegatives(name='fn')],
              weighted_metrics=[metrics.MeanSquaredError(name='weighted_mse')])
history = model.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0,
                    validation_data=(x[:13], y[:13]), sample_weight=np.linspace(0.1, 2, 29))
names = model.metrics_names
scores = model.evaluate(x, y, batch_size=8, verbose=0)
whole = model.evaluate(x, y, batch_size=29, verbose=0)
model.reset_metrics()
one = [float(v) for v in model.test_on_batch(x[:9], y[:9])]
model.reset_metrics()
summed = [[float(v) for v in model.test_on_batch(x[i:i + 10], y[i:i + 10], reset_metrics=False)]
          for i in (0, 10)]
model.reset_metrics()

probabilities = model.predict(x)[:, 0]
print(json.dumps({
    'history': {k: [float(v) for v in history.history[k]] for k in sorted(history.history)},
    'names': names,
    'scores': [float(s) for s in scores],
    'whole': [float(s) for s in whole],
    'one': one,
    'summed': summed[1][2:5],
    'by_hand': [float(((probabilities > 0.5) & (y == 1)).sum()),
                float(((probabilities > 0.5) == (y == 1)).mean())],
}))
