"""Two inputs, two outputs, loss weights: headlines and numbers, as in the guide of the time."""
import json

import numpy as np

import keras
from keras.layers import Dense, Flatten, Embedding, Input
from keras.models import Model


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


main_input = Input(shape=(6,), dtype='int32', name='main_input')
x = Embedding(output_dim=4, input_dim=30, input_length=6)(main_input)
text_features = Flatten()(x)
auxiliary_output = Dense(1, activation='sigmoid', name='aux_output')(text_features)

auxiliary_input = Input(shape=(5,), name='aux_input')
x = keras.layers.concatenate([text_features, auxiliary_input])
x = Dense(8, activation='relu')(x)
main_output = Dense(3, activation='softmax', name='main_output')(x)

model = Model(inputs=[main_input, auxiliary_input], outputs=[main_output, auxiliary_output])
start = [fixed(w.shape, i) for i, w in enumerate(model.get_weights())]
model.set_weights(start)

words = np.random.RandomState(1).randint(0, 30, size=(32, 6))
numbers = fixed((32, 5), 2)
topics = np.eye(3)[np.random.RandomState(3).randint(0, 3, size=32)]
flags = np.random.RandomState(4).randint(0, 2, size=(32, 1))

model.compile(optimizer='rmsprop',
              loss=['categorical_crossentropy', 'binary_crossentropy'], loss_weights=[1., 0.2],
              metrics=['accuracy'])
first = model.fit([words, numbers], [topics, flags], epochs=2, batch_size=8, shuffle=False,
                  validation_split=0.25, verbose=0)

model.set_weights(start)
model.compile(optimizer='sgd',
              loss={'main_output': 'categorical_crossentropy', 'aux_output': 'mse'},
              loss_weights={'main_output': 1., 'aux_output': 0.5},
              metrics={'aux_output': ['mae', 'accuracy']})
second = model.fit({'main_input': words, 'aux_input': numbers},
                   {'aux_output': flags, 'main_output': topics},
                   epochs=2, batch_size=8, shuffle=False, verbose=0,
                   sample_weight={'main_output': np.linspace(0.5, 1.5, 32),
                                  'aux_output': np.linspace(2., 0., 32)})
names = model.metrics_names
scores = model.evaluate([words, numbers], [topics, flags], batch_size=16, verbose=0)
predictions = model.predict([words[:3], numbers[:3]])

print(json.dumps({
    'first': {k: [float(v) for v in first.history[k]] for k in sorted(first.history)},
    'second': {k: [float(v) for v in second.history[k]] for k in sorted(second.history)},
    'names': names,
    'scores': [float(s) for s in scores],
    'predictions': [p.tolist() for p in predictions],
    'output_names': model.output_names,
    'input_names': model.input_names,
    'weights': [w.tolist() for w in model.get_weights()],
}))
