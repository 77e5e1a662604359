"""Recurrences written with K.rnn: a minimal cell, a CRF's forward pass; a char-RNN beside them."""
import json
import numpy as np
from keras import activations, initializers
from keras import backend as K
from keras.engine.topology import Layer
from keras.layers import Activation, Bidirectional, Dense, Embedding, Input, LSTM, TimeDistributed
from keras.layers.recurrent import RNN
from keras.models import Model, Sequential


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model):
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    return model


class MinimalRecurrence(Layer):
    """h = tanh(x W + (h * decay) U), with a hand-made step function and a mask."""
    def __init__(self, units, decay=.9, **kwargs):
        self.units = units
        self.decay = decay
        self.supports_masking = True
        super(MinimalRecurrence, self).__init__(**kwargs)

    def build(self, input_shape):
        self.W = self.add_weight('{}_W'.format(self.name), (input_shape[-1], self.units),
                                 initializer='glorot_uniform')
        self.U = self.add_weight(name='{}_U'.format(self.name), shape=(self.units, self.units),
                                 initializer='orthogonal')
        super(MinimalRecurrence, self).build(input_shape)

    def step(self, inputs, states):
        h = K.tanh(K.dot(inputs, self.W) + K.dot(states[0] * self.decay, self.U) + states[-1])
        return h, [h]

    def call(self, x, mask=None):
        initial = K.zeros_like(x[:, 0, :1])
        initial = K.tile(initial, [1, self.units])
        last, outputs, states = K.rnn(self.step, x, [initial], mask=mask,
                                      constants=[K.constant(.1)], input_length=K.int_shape(x)[1])
        return outputs

    def compute_mask(self, inputs, mask=None):
        return mask

    def compute_output_shape(self, input_shape):
        return input_shape[:2] + (self.units,)


class CRF(Layer):
    """Transitions between tags; the loss is the negative log-likelihood of a path."""
    def build(self, input_shape):
        self.num_labels = input_shape[-1]
        self.trans = self.add_weight(name='crf_trans', shape=(self.num_labels, self.num_labels),
                                     initializer='glorot_uniform', trainable=True)
        super(CRF, self).build(input_shape)

    def log_norm_step(self, inputs, states):
        states = K.expand_dims(states[0], 2)
        trans = K.expand_dims(self.trans, 0)
        output = K.logsumexp(states + trans, 1)
        return output + inputs, [output + inputs]

    def path_score(self, inputs, labels):
        point_score = K.sum(K.sum(inputs * labels, 2), 1, keepdims=True)
        labels1 = K.expand_dims(labels[:, :-1], 3)
        labels2 = K.expand_dims(labels[:, 1:], 2)
        labels = labels1 * labels2
        trans = K.expand_dims(K.expand_dims(self.trans, 0), 0)
        return point_score + K.sum(K.sum(trans * labels, [2, 3]), 1, keepdims=True)

    def call(self, inputs):
        return inputs

    def loss(self, y_true, y_pred):
        init_states = [y_pred[:, 0]]
        log_norm, _, _ = K.rnn(self.log_norm_step, y_pred[:, 1:], init_states)
        log_norm = K.logsumexp(log_norm, 1, keepdims=True)
        return log_norm - self.path_score(y_pred, y_true)

    def accuracy(self, y_true, y_pred):
        equal = K.equal(K.argmax(y_true, 2), K.argmax(y_pred, 2))
        return K.mean(K.cast(equal, 'float32'))


words = np.random.RandomState(1).randint(1, 7, (4, 5))
words[1, 3:] = 0
sentence = Input(shape=(5,))
z = Embedding(7, 3, mask_zero=True)(sentence)
z = MinimalRecurrence(4, name='minimal')(z)
z = LSTM(2, recurrent_activation='hard_sigmoid')(z)
minimal = fill(Model(sentence, z))
minimal.compile('sgd', 'mse')
minimal_loss = [float(minimal.train_on_batch(words, np.ones((4, 2)))) for i in range(3)]

crf = CRF()
h = Embedding(7, 3)(sentence)
h = Bidirectional(LSTM(2, return_sequences=True, recurrent_activation='hard_sigmoid'))(h)
tagger = fill(Model(sentence, crf(TimeDistributed(Dense(3))(h))))
tagger.compile('sgd', loss=crf.loss, metrics=[crf.accuracy])
tags = np.eye(3)[words % 3]
tagged = tagger.fit(words, tags, batch_size=2, epochs=2, shuffle=False, verbose=0)

# char-RNN: trained on windows, then run a character at a time, stateful, with a temperature
text = 'hello keras, hello again. ' * 4
chars = sorted(list(set(text)))
char_indices = dict((c, i) for i, c in enumerate(chars))
maxlen, step = 6, 3
sentences = [text[i: i + maxlen] for i in range(0, len(text) - maxlen, step)]
next_chars = [text[i + maxlen] for i in range(0, len(text) - maxlen, step)]
x = np.zeros((len(sentences), maxlen, len(chars)), dtype=bool)
y = np.zeros((len(sentences), len(chars)), dtype=bool)
for i, sentence in enumerate(sentences):
    for t, char in enumerate(sentence):
        x[i, t, char_indices[char]] = 1
    y[i, char_indices[next_chars[i]]] = 1


def sample(preds, temperature=1.0):
    preds = np.log(np.asarray(preds).astype('float64')) / temperature
    exp_preds = np.exp(preds)
    return np.argmax(np.random.multinomial(1, exp_preds / np.sum(exp_preds) * (1 - 1e-6), 1))


rnn = fill(Sequential([LSTM(6, recurrent_activation='hard_sigmoid', input_shape=(6, len(chars))),
                       Dense(len(chars)), Activation('softmax')]))
rnn.compile(loss='categorical_crossentropy', optimizer='sgd')
history = rnn.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
talking = Sequential([LSTM(6, batch_input_shape=(1, 1, len(chars)), stateful=True,
                           recurrent_activation='hard_sigmoid'), Dense(len(chars)),
                      Activation('softmax')])
talking.set_weights(rnn.get_weights())
for t in range(maxlen):
    preds = talking.predict(x[:1, t:t + 1].astype('float32'))
written = [chars[sample(preds[0], .5)] for i in range(5)]

print(json.dumps({
    'minimal': minimal_loss,
    'predicted': minimal.predict(words).tolist(),
    'crf': tagged.history['loss'],
    'accuracy': [float(v) for v in tagged.history['accuracy']],
    'transitions': crf.get_weights()[0].tolist(),
    'rnn': history.history['loss'],
    'step by step': bool(np.allclose(preds[0], rnn.predict(x[:1])[0], atol=1e-5)),
    'written': all(c in chars for c in written),
}))
