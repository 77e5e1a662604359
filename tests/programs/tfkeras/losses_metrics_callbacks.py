"""Own losses, metrics, schedules and callbacks as classes; a functional model with several ends."""
import json
import os
import shutil
import tempfile
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import backend as K
from tensorflow.keras import layers
from tensorflow.keras.callbacks import (Callback, EarlyStopping, LambdaCallback, ModelCheckpoint,
                                        ReduceLROnPlateau, TerminateOnNaN)


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


class FocalLoss(tf.keras.losses.Loss):
    def __init__(self, gamma=2., alpha=.25, name='focal', **kwargs):
        super().__init__(name=name, **kwargs)
        self.gamma = gamma
        self.alpha = alpha

    def call(self, y_true, y_pred):
        y_true = tf.cast(y_true, y_pred.dtype)
        y_pred = tf.clip_by_value(y_pred, 1e-6, 1 - 1e-6)
        p_t = tf.where(tf.equal(y_true, 1), y_pred, 1 - y_pred)
        return tf.reduce_mean(-self.alpha * tf.pow(1 - p_t, self.gamma) * tf.math.log(p_t), axis=-1)


class CategoricalTruePositives(keras.metrics.Metric):
    def __init__(self, name='categorical_true_positives', **kwargs):
        super(CategoricalTruePositives, self).__init__(name=name, **kwargs)
        self.true_positives = self.add_weight(name='ctp', initializer='zeros')

    def update_state(self, y_true, y_pred, sample_weight=None):
        y_pred = tf.reshape(tf.argmax(y_pred, axis=1), shape=(-1, 1))
        values = tf.cast(y_true, 'int32') == tf.cast(y_pred, 'int32')
        self.true_positives.assign_add(tf.reduce_sum(tf.cast(values, 'float32')))

    def result(self):
        return self.true_positives

    def reset_state(self):
        self.true_positives.assign(0.0)


def f1(y_true, y_pred):
    tp = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
    precision = tp / (K.sum(K.round(K.clip(y_pred, 0, 1))) + K.epsilon())
    recall = tp / (K.sum(K.round(K.clip(y_true, 0, 1))) + K.epsilon())
    return 2 * precision * recall / (precision + recall + K.epsilon())


class CustomLearningRateScheduler(Callback):
    def __init__(self, schedule):
        super(CustomLearningRateScheduler, self).__init__()
        self.schedule = schedule
        self.rates = []

    def on_epoch_begin(self, epoch, logs=None):
        lr = float(tf.keras.backend.get_value(self.model.optimizer.learning_rate))
        tf.keras.backend.set_value(self.model.optimizer.lr, self.schedule(epoch, lr))
        self.rates.append(float(self.model.optimizer.lr.numpy()))


title = keras.Input(shape=(4,), name='title')
tags = keras.Input(shape=(3,), name='tags')
x = layers.concatenate([layers.Dense(4, activation='swish')(title), tags])
x = layers.Dense(5, activation=tf.nn.leaky_relu)(x)
priority = layers.Dense(2, activation='sigmoid', name='priority')(x)
department = layers.Dense(3, activation='softmax', name='department')(x)
model = keras.Model(inputs=[title, tags], outputs=[priority, department])
model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
model.compile(optimizer=keras.optimizers.SGD(.1),
              loss={'priority': FocalLoss(), 'department': 'sparse_categorical_crossentropy'},
              loss_weights={'priority': 2.0, 'department': 0.5},
              metrics={'priority': [f1], 'department': [CategoricalTruePositives()]})
data = {'title': fixed((16, 4), 50, 1.), 'tags': fixed((16, 3), 51, 1.)}
target = {'priority': (fixed((16, 2), 52) > 0).astype('float32'),
          'department': (np.arange(16) % 3)[:, None]}
folder = tempfile.mkdtemp()
scheduler = CustomLearningRateScheduler(lambda epoch, lr: lr * .5 if epoch else lr)
ends = []
history = model.fit(data, target, epochs=3, batch_size=8, shuffle=False, verbose=0, callbacks=[
    scheduler, TerminateOnNaN(), LambdaCallback(on_epoch_end=lambda e, logs: ends.append(e)),
    ModelCheckpoint(os.path.join(folder, 'model.{epoch:02d}.h5'), save_weights_only=True)])
saved = sorted(os.listdir(folder))
path = os.path.join(folder, 'model.h5')
model.save(path)
restored = keras.models.load_model(path, custom_objects={
    'FocalLoss': FocalLoss, 'f1': f1, 'CategoricalTruePositives': CategoricalTruePositives})
same = np.allclose(restored.predict(data)[1], model.predict(data)[1])
shutil.rmtree(folder)

schedule = tf.keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=2, decay_rate=0.5,
                                                          staircase=True)
small = keras.Sequential([layers.Dense(1, input_shape=(4,))])
small.set_weights([fixed((4, 1), 9), np.zeros(1)])
small.compile(keras.optimizers.SGD(schedule, momentum=.9), 'huber')
decayed = small.fit(data['title'], target['department'], epochs=3, batch_size=8, shuffle=False,
                    verbose=0)

print(json.dumps({
    'history': {k: [float(v) for v in vs] for k, vs in sorted(history.history.items())
                if k != 'lr'},
    'rates': scheduler.rates,
    'ends': ends,
    'saved': saved,
    'same': bool(same),
    'schedule': [float(schedule(s)) for s in (0, 1, 2, 5)],
    'decayed': decayed.history['loss'],
    'names': model.metrics_names,
}))
