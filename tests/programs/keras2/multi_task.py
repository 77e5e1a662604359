"""Several outputs: losses, weights and targets in dicts, class and sample weights, masks."""
import json
import numpy as np
import keras
from keras.layers import Input, Embedding, LSTM, Dense, Bidirectional, TimeDistributed, Masking
from keras.models import Model, Sequential
from keras import losses, optimizers, regularizers


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model):
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])


# the two inputs, two outputs of the guide to the functional API
main_input = Input(shape=(6,), dtype='int32', name='main_input')
x = Embedding(output_dim=4, input_dim=20, input_length=6)(main_input)
lstm_out = LSTM(5, recurrent_activation='hard_sigmoid')(x)
auxiliary_output = Dense(1, activation='sigmoid', name='aux_output')(lstm_out)
auxiliary_input = Input(shape=(3,), name='aux_input')
x = keras.layers.concatenate([lstm_out, auxiliary_input])
x = Dense(6, activation='relu', kernel_regularizer=regularizers.l2(0.01))(x)
main_output = Dense(3, activation='softmax', name='main_output')(x)
model = Model(inputs=[main_input, auxiliary_input], outputs=[main_output, auxiliary_output])
fill(model)
model.compile(optimizer=optimizers.sgd(lr=.1),
              loss={'main_output': 'categorical_crossentropy', 'aux_output': 'binary_crossentropy'},
              loss_weights={'main_output': 1., 'aux_output': 0.2},
              metrics={'main_output': 'accuracy', 'aux_output': ['mae']})
words = np.random.RandomState(1).randint(0, 20, (8, 6))
extra = fixed((8, 3), 31, 1.)
target = {'main_output': np.eye(3)[np.arange(8) % 3], 'aux_output': np.arange(8) % 2}
history = model.fit({'main_input': words, 'aux_input': extra}, target, epochs=2, batch_size=4,
                    shuffle=False, verbose=0,
                    sample_weight={'main_output': np.linspace(.5, 1.5, 8),
                                   'aux_output': np.linspace(2., 1., 8)},
                    validation_data=([words, extra], [target['main_output'], target['aux_output']]))
log = {k: [float(x) for x in v] for k, v in history.history.items()
       if 'acc' not in k and 'absolute' not in k and 'mae' not in k}
per_class = model.fit([words, extra], target, epochs=1, batch_size=4, shuffle=False, verbose=0,
                      class_weight={'main_output': {0: 1., 1: 2., 2: .5},
                                    'aux_output': {0: 3., 1: 1.}}).history['loss']

# a tagger: stacked bidirectional LSTMs, a class for each step, weights for each step
tagger = Sequential()
tagger.add(Masking(mask_value=0., input_shape=(5, 3)))
tagger.add(Bidirectional(LSTM(4, return_sequences=True, recurrent_activation='hard_sigmoid')))
tagger.add(Bidirectional(LSTM(3, return_sequences=True, recurrent_activation='hard_sigmoid'),
                         merge_mode='ave'))
tagger.add(TimeDistributed(Dense(4, activation='softmax')))
fill(tagger)
tagger.compile('sgd', 'sparse_categorical_crossentropy', sample_weight_mode='temporal',
               metrics=['accuracy'])
steps = fixed((6, 5, 3), 71, 1.)
steps[2, 3:] = 0.
tags = np.random.RandomState(2).randint(0, 4, (6, 5, 1))
weights = np.ones((6, 5))
weights[:, 1] = 3.
weights[4, 2:] = 0.
tagged = tagger.fit(steps, tags, sample_weight=weights, batch_size=3, epochs=2, shuffle=False,
                    verbose=0)

print(json.dumps({
    'log': log,
    'names': model.metrics_names[:3],
    'per class': per_class,
    'predicted': [p.tolist() for p in model.predict([words, extra])],
    'evaluated': [float(v) for v in model.evaluate([words, extra], target, verbose=0)][:3],
    'tagged': tagged.history['loss'],
    'classes': tagger.predict_classes(steps).tolist(),
    'probabilities': tagger.predict(steps)[2].tolist(),
}))
