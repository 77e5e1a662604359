"""Code that replaces the function which trains: perturbed embeddings, weights averaged by hand."""
import json
import numpy as np
from keras import backend as K
from keras.layers import Dense, Embedding, GlobalAveragePooling1D, Input, LSTM
from keras.models import Model


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def search_layer(inputs, name, exclude=None):
    """Finds a layer by its name, going upwards from a tensor."""
    if exclude is None:
        exclude = set()
    layer = inputs._keras_history[0] if not hasattr(inputs, '_inbound_nodes') else inputs
    if layer.name == name:
        return layer
    elif layer in exclude:
        return None
    exclude.add(layer)
    inbound_layers = layer._inbound_nodes[0].inbound_layers
    if not isinstance(inbound_layers, list):
        inbound_layers = [inbound_layers]
    for layer in inbound_layers:
        layer = search_layer(layer, name, exclude)
        if layer is not None:
            return layer


def adversarial_training(model, embedding_name, epsilon=1):
    if model.train_function is None:
        model._make_train_function()
    old_train_function = model.train_function
    for output in model.outputs:
        embedding_layer = search_layer(output, embedding_name)
        if embedding_layer is not None:
            break
    if embedding_layer is None:
        raise Exception('Embedding layer not found')
    embeddings = embedding_layer.embeddings
    gradients = K.gradients(model.total_loss, [embeddings])
    gradients = K.zeros_like(embeddings) + gradients[0]
    inputs = (model._feed_inputs + model._feed_targets + model._feed_sample_weights)
    embedding_gradients = K.function(inputs=inputs, outputs=[gradients], name='embedding_gradients')

    def train_function(inputs):
        grads = embedding_gradients(inputs)[0]
        delta = epsilon * grads / (np.sqrt((grads ** 2).sum()) + 1e-8)
        K.set_value(embeddings, K.eval(embeddings) + delta)
        outputs = old_train_function(inputs)
        K.set_value(embeddings, K.eval(embeddings) - delta)
        return outputs

    model.train_function = train_function


class ExponentialMovingAverage:
    """Keeps an average of the weights; as in many competition kernels."""
    def __init__(self, model, momentum=0.9):
        self.momentum = momentum
        self.model = model
        self.ema_weights = [K.zeros(K.shape(w)) for w in model.weights]

    def inject(self):
        self.initialize()
        for w1, w2 in zip(self.ema_weights, self.model.weights):
            op = K.moving_average_update(w1, w2, self.momentum)
            self.model.metrics_updates.append(op)

    def initialize(self):
        self.old_weights = K.batch_get_value(self.model.weights)
        K.batch_set_value(zip(self.ema_weights, self.old_weights))

    def apply_ema_weights(self):
        self.old_weights = K.batch_get_value(self.model.weights)
        ema_weights = K.batch_get_value(self.ema_weights)
        K.batch_set_value(zip(self.model.weights, ema_weights))

    def reset_old_weights(self):
        K.batch_set_value(zip(self.model.weights, self.old_weights))


def build():
    x_in = Input(shape=(5,))
    x = Embedding(9, 4, name='Embedding-Token')(x_in)
    x = LSTM(3, return_sequences=True, recurrent_activation='sigmoid')(x)
    x = GlobalAveragePooling1D()(x)
    model = Model(x_in, Dense(2, activation='softmax')(x))
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    model.compile(loss='sparse_categorical_crossentropy', optimizer='sgd')
    return model


words = np.random.RandomState(1).randint(0, 9, (8, 5))
labels = np.arange(8) % 2
plain = build()
plain_loss = plain.fit(words, labels, batch_size=4, epochs=2, shuffle=False, verbose=0)
attacked = build()
adversarial_training(attacked, 'Embedding-Token', 0.5)
attacked_loss = attacked.fit(words, labels, batch_size=4, epochs=2, shuffle=False, verbose=0)

averaged = build()
shadow = ExponentialMovingAverage(averaged)
shadow.initialize()
for i in range(3):
    averaged.train_on_batch(words, labels)
    K.batch_set_value([(s, .9 * a + .1 * w) for s, a, w in
                       zip(shadow.ema_weights, K.batch_get_value(shadow.ema_weights),
                           averaged.get_weights())])
after = averaged.predict(words)
shadow.apply_ema_weights()
smooth = averaged.predict(words)
shadow.reset_old_weights()

print(json.dumps({
    'plain': plain_loss.history['loss'],
    'attacked': attacked_loss.history['loss'],
    'embeddings': attacked.get_layer('Embedding-Token').get_weights()[0][:2].tolist(),
    'smooth': smooth[:2].tolist(),
    'reset': bool(np.array_equal(after, averaged.predict(words))),
    'feeds': [len(f) for f in (attacked._feed_inputs, attacked._feed_sample_weights)],
}))
