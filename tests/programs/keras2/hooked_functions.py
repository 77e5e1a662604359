"""What was hooked into compiled models: Lookahead, appended metrics, a total loss, functions."""
import json
import numpy as np
from keras import backend as K
from keras.layers import Dense, Dropout, Input
from keras.models import Model
from keras.optimizers import SGD


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


class Lookahead:
    """Steps of a fast optimizer, every k of them a step of slow weights towards where they led."""
    def __init__(self, k=3, alpha=0.5):
        self.k = k
        self.alpha = alpha
        self.count = 0

    def inject(self, model):
        if not hasattr(model, 'train_function'):
            raise RuntimeError('You must compile your model before using it.')
        model._check_trainable_weights_consistency()
        if model.train_function is None:
            inputs = (model._feed_inputs + model._feed_targets + model._feed_sample_weights)
            if model._uses_dynamic_learning_phase():
                inputs += [K.learning_phase()]
            fast_params = model._collected_trainable_weights
            with K.name_scope('training'):
                with K.name_scope(model.optimizer.__class__.__name__):
                    training_updates = model.optimizer.get_updates(
                        params=fast_params, loss=model.total_loss)
                    slow_params = [K.variable(K.get_value(p)) for p in fast_params]
                fast_updates = (model.updates + training_updates + model.metrics_updates)
                slow_updates, copy_updates = [], []
                for p, q in zip(fast_params, slow_params):
                    slow_updates.append(K.update(q, q + self.alpha * (p - q)))
                    copy_updates.append(K.update(p, q))
                fast_train_function = K.function(
                    inputs, [model.total_loss] + model.metrics_tensors, updates=fast_updates,
                    name='fast_train_function', **model._function_kwargs)

                def F(inputs):
                    self.count += 1
                    R = fast_train_function(inputs)
                    if self.count % self.k == 0:
                        K.batch_get_value(slow_updates)
                        K.batch_get_value(copy_updates)
                    return R

                model.train_function = F


def build(optimizer):
    x_in = Input(shape=(4,))
    x = Dense(5, activation='tanh', name='hidden')(x_in)
    x = Dropout(0.)(x)
    model = Model(x_in, Dense(3, activation='softmax')(x))
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    model.compile(optimizer, 'categorical_crossentropy', metrics=['accuracy'])
    return model


X = fixed((10, 4), 50, 1.)
Y = np.eye(3, dtype='float32')[np.arange(10) % 3]
found = {}


def note(name, history):
    found[name] = {key.replace('accuracy', 'acc'): [float(v) for v in values]
                   for key, values in history.history.items()}


model = build(SGD(lr=.1, momentum=.5))
Lookahead().inject(model)
note('lookahead', model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0,
                            validation_data=(X[:5], Y[:5]), class_weight={0: 1., 1: 2., 2: .5}))
found['lookahead_weights'] = [float(np.sum(np.abs(w))) for w in model.get_weights()]
found['lookahead_evaluated'] = [float(v) for v in model.evaluate(X, Y, batch_size=4, verbose=0)]


def batches():
    while True:
        for start in (0, 4, 8):
            yield X[start:start + 4], Y[start:start + 4]


note('lookahead_generator', model.fit_generator(batches(), steps_per_epoch=3, epochs=1, verbose=0))
found['batch'] = [float(v) for v in model.train_on_batch(X, Y, sample_weight=np.arange(1, 11) / 5.)]

# metrics appended by hand
model = build(SGD(lr=.1))
hidden = model.get_layer('hidden').output
model.metrics_names.append('activity')
model.metrics_tensors.append(K.mean(K.square(hidden), keepdims=True))
model.metrics_tensors.append(K.max(hidden))
model.metrics_names += ['largest']
note('appended', model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0,
                           validation_split=.3))
found['appended_names'] = model.metrics_names[2:]
found['appended_evaluated'] = [float(np.mean(v)) for v in
                               model.evaluate(X, Y, batch_size=4, verbose=0)]

# another total loss
model = build(SGD(lr=.1))
model.total_loss = model.total_loss + .1 * K.sum(K.square(model.get_layer('hidden').kernel))
note('total_loss', model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0))
found['total_evaluated'] = [float(v) for v in model.evaluate(X, Y, batch_size=4, verbose=0)]
found['kernel'] = model.get_weights()[0].tolist()

# functions for test and prediction
model = build(SGD(lr=.1))
model._make_test_function()
model._make_predict_function()
test_function, predict_function = model.test_function, model.predict_function
model.test_function = lambda inputs: [2. * v for v in test_function(inputs)]
model.predict_function = lambda inputs: [predict_function(inputs)[0] + 1.]
found['doubled'] = [float(v) for v in model.evaluate(X, Y, batch_size=4, verbose=0)]
found['raised'] = model.predict(X, batch_size=4)[:2].tolist()
found['raised_batch'] = model.predict_on_batch(X[:1]).tolist()
print(json.dumps(found))
