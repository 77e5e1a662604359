"""Subclasses of Model that make their own training function, as in Keras 2.0."""
import json
import numpy as np
from keras import backend as K
from keras.layers import Dense, Dropout, Input
from keras.models import Model
from keras.optimizers import SGD


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


class ScaledModel(Model):
    """Reports the norm of the gradient beside the loss, and steps down the loss times a scale."""
    def _make_train_function(self):
        if not hasattr(self, 'train_function'):
            raise RuntimeError('You must compile your model before using it.')
        if self.train_function is None:
            inputs = self._feed_inputs + self._feed_targets + self._feed_sample_weights
            if self.uses_learning_phase and not isinstance(K.learning_phase(), int):
                inputs += [K.learning_phase()]
            with K.name_scope('training'):
                loss = self.total_loss * 2.
                params = self._collected_trainable_weights
                grads = K.gradients(loss, params)
                self.norm = K.sqrt(sum([K.sum(K.square(g)) for g in grads]))
                training_updates = self.optimizer.get_updates(params=params, loss=loss)
            updates = self.updates + training_updates
            self.train_function = K.function(inputs, [self.total_loss] + self.metrics_tensors,
                                             updates=updates, name='train_function')
            self.norm_function = K.function(inputs, [self.norm])


x_in = Input(shape=(4,))
x = Dropout(0.)(Dense(5, activation='tanh')(x_in))
model = ScaledModel(x_in, Dense(2)(x))
model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
model.compile(SGD(lr=.05), 'mse', metrics=['mae'])
X, Y = fixed((8, 4), 50, 1.), fixed((8, 2), 51, 1.)
history = model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
batch = [float(v) for v in model.train_on_batch(X, Y)]
feeds = [X, Y, np.ones(8)]
if model.uses_learning_phase and not isinstance(K.learning_phase(), int):
    feeds.append(1.)
norm = model.norm_function(feeds)[0]

# the same function by hand
model._make_test_function()
model._make_predict_function()
tested = model.test_function(feeds[:3] + feeds[3:] * 1)
predicted = model.predict_function([X] + [0.] * (len(feeds) - 3))

print(json.dumps({
    'loss': history.history['loss'],
    'batch': batch[0],
    'norm': float(norm),
    'tested': float(tested[0]),
    'predicted': np.asarray(predicted[0]).tolist(),
    'collected': len(model._collected_trainable_weights),
}))
