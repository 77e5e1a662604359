"""Transfer learning: the head is cut off, the base is frozen, a new head is trained."""
import json

import numpy as np

from keras.layers import Conv2D, Dense, Flatten, GlobalAveragePooling2D, Input, MaxPooling2D
from keras.models import Model, Sequential
from keras.optimizers import SGD


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model, seed):
    model.set_weights([fixed(w.shape, seed + i) for i, w in enumerate(model.get_weights())])


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b))


x = fixed((18, 8, 8, 1), 40, 1.)
y = np.eye(3)[np.random.RandomState(41).randint(0, 3, size=18)]

old = Sequential(name='old')
old.add(Conv2D(4, (3, 3), activation='relu', input_shape=(8, 8, 1), name='block1_conv'))
old.add(MaxPooling2D((2, 2), name='block1_pool'))
old.add(Conv2D(6, (2, 2), activation='relu', name='block2_conv'))
old.add(Flatten(name='flatten'))
old.add(Dense(8, activation='relu', name='fc1'))
old.add(Dense(10, activation='softmax', name='predictions'))
fill(old, 0)

# Bottleneck features, and a small network on top of them.
base_model = Model(inputs=old.input, outputs=old.get_layer('block2_conv').output)
features = base_model.predict(x, batch_size=7)

z = GlobalAveragePooling2D()(base_model.output)
z = Dense(5, activation='relu', name='new_fc')(z)
predictions = Dense(3, activation='softmax', name='new_predictions')(z)
model = Model(inputs=base_model.input, outputs=predictions)
for layer in base_model.layers:
    layer.trainable = False
for i, layer in enumerate(model.layers[-2:]):
    layer.set_weights([fixed(w.shape, 60 + 10 * i + j) for j, w in enumerate(layer.get_weights())])
model.compile(optimizer='rmsprop', loss='categorical_crossentropy')
base_before = base_model.get_weights()
frozen = model.fit(x, y, batch_size=6, epochs=2, shuffle=False, verbose=0)
base_same = same(base_before, base_model.get_weights())
counts = [len(model.trainable_weights), len(model.non_trainable_weights)]

# Fine-tuning: the last convolution thaws, with a low learning rate.
for layer in model.layers[:3]:
    layer.trainable = False
for layer in model.layers[3:]:
    layer.trainable = True
model.compile(optimizer=SGD(lr=0.05, momentum=0.9), loss='categorical_crossentropy')
before = [layer.get_weights() for layer in model.layers]
tuned = model.fit(x, y, batch_size=6, epochs=2, shuffle=False, verbose=0)
moved = [layer.name for layer, w in zip(model.layers, before)
         if w and not same(w, layer.get_weights())]
counts += [len(model.trainable_weights), len(model.non_trainable_weights)]
shared = same(old.get_layer('block2_conv').get_weights(),
              model.get_layer('block2_conv').get_weights())

# A whole model as the first layer of another, frozen as one.
old.trainable = True
for layer in old.layers:
    layer.trainable = True
old.pop()
old.trainable = False
nested = Sequential()
nested.add(old)
nested.add(Dense(3, activation='softmax', name='nested_top'))
fill(nested, 100)
nested.compile('rmsprop', 'categorical_crossentropy')
start = old.get_weights()
in_nested = nested.fit(x, y, batch_size=9, epochs=2, shuffle=False, verbose=0)
counts += [len(nested.trainable_weights), len(nested.non_trainable_weights), len(old.layers)]

# The head of one model on another input size: layers are called again.
wide = Input(shape=(10, 10, 1))
t = wide
for layer in old.layers[:3]:
    t = layer(t)
anew = Model(wide, GlobalAveragePooling2D()(t)).predict(fixed((2, 10, 10, 1), 70))

print(json.dumps({
    'features': [list(features.shape), float(features.sum())],
    'frozen': frozen.history['loss'],
    'base_same': base_same,
    'tuned': tuned.history['loss'],
    'moved': moved,
    'shared': shared,
    'counts': counts,
    'nested': in_nested.history['loss'],
    'nested_same': same(start, old.get_weights()),
    'anew': anew.tolist(),
    'head': [w.tolist() for w in model.layers[-1].get_weights()],
}))
