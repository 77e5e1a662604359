"""Notes on image classification with Keras 1 and 2: one after the other, each as it is written.

What stands between the lines `# ----` is typed as the notes have it; around it are the data and the
names that they take for granted.
"""
import json
import os
import sys
import warnings

import numpy as np

import keras
import keras.preprocessing.image
from keras import backend as K
from keras.layers import Activation, Conv2D, Dense, Flatten
from keras.models import Sequential

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from local_data import publish, texts

found = {}
random = np.random.RandomState(0)

# ----
model = Sequential([
    Dense(32, input_shape=(784,)),
    Activation('relu'),
    Dense(10),
    Activation('softmax'),
])
# ----
found['sequential'] = [model.count_params(), list(model.output_shape)]
model.set_weights([random.uniform(-.1, .1, w.shape) for w in model.get_weights()])
found['predicted'] = model.predict(random.uniform(size=(2, 784))).tolist()

# ----
datagen = keras.preprocessing.image.ImageDataGenerator(
    featurewise_center=False,
    samplewise_center=False,
    featurewise_std_normalization=False,
    samplewise_std_normalization=False,
    zca_whitening=False,
    rotation_range=0.,
    width_shift_range=0.,
    height_shift_range=0.,
    shear_range=0.,
    zoom_range=0.,
    channel_shift_range=0.,
    fill_mode='nearest',
    cval=0.,
    horizontal_flip=False,
    vertical_flip=False,
    rescale=None,
    dim_ordering=K.image_dim_ordering())
# ----
images = random.uniform(0, 255, size=(4, 8, 8, 3))
batch = next(datagen.flow(images, np.arange(4), batch_size=4, shuffle=False))
found['unchanged'] = bool(np.allclose(batch[0], images)) and batch[1].tolist()

x, y = texts(40, seed=1)
labels = y % 2
half = {'x_train': x[:30], 'y_train': labels[:30], 'x_test': x[30:], 'y_test': labels[30:]}
from keras.datasets import imdb
publish(imdb, 'imdb.npz', **half)

# ----
from keras.datasets import imdb
(x_train, y_train), (x_test, y_test) = imdb.load_data(path="imdb.npz",
                                                      num_words=None,
                                                      skip_top=0,
                                                      maxlen=None,
                                                      seed=113,
                                                      start_char=1,
                                                      oov_char=2,
                                                      index_from=3)
# ----
found['reviews'] = [[list(map(int, text)) for text in x_train[:3]], y_train[:10].tolist(),
                    len(x_train), len(x_test)]

K.set_image_dim_ordering('th')
with warnings.catch_warnings():
    warnings.simplefilter('ignore')
    # ----
    model = Sequential()
    model.add(Conv2D(64, 3, 3,
             border_mode='same',
             input_shape=(3, 32, 32)))
    # now: model.output_shape == (None, 64, 32, 32)
    first = model.output_shape
    model.add(Flatten())
    # now: model.output_shape == (None, 65536)
    # ----
found['convolution'] = [list(first), list(model.output_shape),
                        [list(w.shape) for w in model.get_weights()]]
K.set_image_dim_ordering('tf')

# ----
from keras.utils.np_utils import to_categorical
labels = []
for i in range(3):
    labels += [i] * 2
# [0, 0, 1, 1, 2, 2]
# [
#     [1, 0, 0],
#     [1, 0, 0],
#     [0, 1, 0],
#     [0, 1, 0],
#     [0, 0, 1],
#     [0, 0, 1],
# ]
labels = to_categorical(labels)
# ----
found['labels'] = labels.tolist()

model = Sequential([Dense(3, activation='softmax', input_shape=(4,))])
model.compile('sgd', 'categorical_crossentropy')
try:
    model.fit(np.zeros((1536, 4)), np.zeros((1536, 1)), verbose=0)
except ValueError as error:
    message = ' '.join(str(error).split())
found['message'] = [sentence in message for sentence in [
    'You are passing a target array of shape (1536, 1) while using as loss '
    '`categorical_crossentropy`.',
    '`categorical_crossentropy` expects targets to be binary matrices (1s and 0s) of shape '
    '(samples, classes).',
    'If your targets are integer classes, you can convert them to the expected format via:',
    'import to_categorical',
    'y_binary = to_categorical(y_int)',
]]

print(json.dumps(found))
