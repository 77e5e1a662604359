"""CRNN for text in images: CTC as a layer's output, a loss that passes it on, greedy decoding."""
import itertools
import json
import numpy as np
from keras import backend as K
from keras.layers import (Activation, BatchNormalization, Conv2D, Dense, GRU, Input, Lambda,
                          MaxPooling2D, Reshape)
from keras.layers.merge import add, concatenate
from keras.models import Model
from keras.optimizers import SGD

alphabet = u'abcd '
img_w, img_h, pool_size, rnn_size, absolute_max_string_len = 32, 8, 2, 5, 3


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def ctc_lambda_func(args):
    y_pred, labels, input_length, label_length = args
    # the 2 is critical here since the first couple outputs of the RNN tend to be garbage:
    y_pred = y_pred[:, 2:, :]
    return K.ctc_batch_cost(labels, y_pred, input_length, label_length)


def labels_to_text(labels):
    return ''.join(' ' if c == len(alphabet) else alphabet[c] for c in labels)


def decode_batch(test_func, word_batch):
    out = test_func([word_batch])[0]
    ret = []
    for j in range(out.shape[0]):
        out_best = list(np.argmax(out[j, 2:], 1))
        out_best = [k for k, g in itertools.groupby(out_best)]
        ret.append(labels_to_text(out_best))
    return ret


input_data = Input(name='the_input', shape=(img_w, img_h, 1), dtype='float32')
inner = Conv2D(4, (3, 3), padding='same', activation='relu', kernel_initializer='he_normal',
               name='conv1')(input_data)
inner = MaxPooling2D(pool_size=(pool_size, pool_size), name='max1')(inner)
inner = Conv2D(4, (3, 3), padding='same', activation='relu', name='conv2')(inner)
inner = MaxPooling2D(pool_size=(pool_size, pool_size), name='max2')(inner)
inner = Reshape(target_shape=(img_w // 4, (img_h // 4) * 4), name='reshape')(inner)
inner = Dense(6, activation='relu', name='dense1')(inner)
gru_1 = GRU(rnn_size, return_sequences=True, recurrent_activation='sigmoid', name='gru1')(inner)
gru_1b = GRU(rnn_size, return_sequences=True, go_backwards=True, recurrent_activation='sigmoid',
             name='gru1_b')(inner)
gru1_merged = add([gru_1, gru_1b])
gru_2 = GRU(rnn_size, return_sequences=True, recurrent_activation='sigmoid',
            name='gru2')(gru1_merged)
inner = Dense(len(alphabet) + 1, name='dense2')(concatenate([gru_2, gru1_merged]))
y_pred = Activation('softmax', name='softmax')(inner)
labels = Input(name='the_labels', shape=[absolute_max_string_len], dtype='float32')
input_length = Input(name='input_length', shape=[1], dtype='int64')
label_length = Input(name='label_length', shape=[1], dtype='int64')
loss_out = Lambda(ctc_lambda_func, output_shape=(1,), name='ctc')([y_pred, labels, input_length,
                                                                   label_length])
model = Model(inputs=[input_data, labels, input_length, label_length], outputs=loss_out)
model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
model.compile(loss={'ctc': lambda y_true, y_pred: y_pred}, optimizer=SGD(lr=.02, clipnorm=5))
test_func = K.function([input_data], [y_pred])

inputs = {'the_input': fixed((4, img_w, img_h, 1), 80, 1.),
          'the_labels': np.array([[0, 1, 2], [3, 0, 0], [1, 1, 4], [2, 3, 0]]),
          'input_length': np.full((4, 1), img_w // 4 - 2),
          'label_length': np.array([[3], [1], [3], [2]])}
outputs = {'ctc': np.zeros([4])}
costs = model.predict(inputs)


def batches():
    while True:
        yield inputs, outputs


history = model.fit_generator(generator=batches(), steps_per_epoch=2, epochs=3, verbose=0)
probabilities = test_func([inputs['the_input']])[0]
greedy, log_prob = K.ctc_decode(probabilities, np.full(4, 8), greedy=True)
beams, beam_prob = K.ctc_decode(probabilities, np.full(4, 8), greedy=False, beam_width=10,
                                top_paths=2)

print(json.dumps({
    'costs': costs.ravel().tolist(),
    'loss': history.history['loss'],
    'decoded': decode_batch(test_func, inputs['the_input']),
    'probabilities': probabilities[0].tolist(),
    'greedy': K.get_value(greedy[0]).tolist(),
    'log_prob': K.get_value(log_prob).ravel().tolist(),
    'beams': len(beams),
    'beam_prob': K.get_value(beam_prob)[:, 0].tolist(),
    'inputs': sorted(model.input_names),
}))
