"""Powerful image classification using very little data.

The three steps of the tutorial of that name: a small convnet trained from scratch on augmented
images, a classifier on the bottleneck features of a trained network, and fine-tuning of the last
convolution block of that network. The images are made here: in data/train and data/validation,
dogs are striped and cats are checked, on backgrounds that mean nothing. The "trained network" is
a small one that this program trains on other patterns and saves first.
"""
import json
import os
import sys

import numpy as np
from PIL import Image

from keras import optimizers
from keras import backend as K
from keras.layers import Activation, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras.models import Model, Sequential, load_model
from keras.preprocessing.image import ImageDataGenerator, img_to_array, load_img

base = sys.argv[1]
img_width, img_height = 32, 32
train_data_dir = os.path.join(base, 'data/train')
validation_data_dir = os.path.join(base, 'data/validation')
nb_train_samples = 64
nb_validation_samples = 32
batch_size = 8
np.random.seed(1)


def pattern(kind, size=40):
    """A picture: stripes, checks, dots or a slope, in random colours, at a random place."""
    i, j = np.mgrid[:size, :size]
    i, j = i + np.random.randint(8), j + np.random.randint(8)
    shapes = {
        'dogs': (i // 4) % 2,
        'cats': ((i // 4) + (j // 4)) % 2,
        'dots': ((i % 8 < 3) & (j % 8 < 3)).astype(int),
        'slope': (((i + j) // 4) % 2),
    }
    colours = np.random.randint(30, 110, 3), np.random.randint(150, 230, 3)
    picture = np.where(shapes[kind][..., None], colours[1], colours[0])
    picture = picture + np.random.normal(size=picture.shape) * 12
    return np.clip(picture, 0, 255).astype('uint8')


def write(directory, kinds, count):
    for kind in kinds:
        folder = os.path.join(base, directory, kind)
        os.makedirs(folder)
        for number in range(count):
            name = '%s%03d.jpg' % (kind[:3], number + 1)
            Image.fromarray(pattern(kind)).save(os.path.join(folder, name), quality=90)


write('data/train', ['cats', 'dogs'], nb_train_samples // 2)
write('data/validation', ['cats', 'dogs'], nb_validation_samples // 2)
write('patterns', ['cats', 'dogs', 'dots', 'slope'], 24)

if K.image_data_format() == 'channels_first':
    input_shape = (3, img_width, img_height)
else:
    input_shape = (img_width, img_height, 3)

# ---- before all: look at what augmentation does to one image

datagen = ImageDataGenerator(
    rotation_range=40,
    width_shift_range=0.2,
    height_shift_range=0.2,
    shear_range=0.2,
    zoom_range=0.2,
    horizontal_flip=True,
    fill_mode='nearest')

img = load_img(os.path.join(train_data_dir, 'cats/cat001.jpg'))
x = img_to_array(img)
x = x.reshape((1,) + x.shape)
preview = os.path.join(base, 'preview')
os.makedirs(preview)
i = 0
for batch in datagen.flow(x, batch_size=1, save_to_dir=preview, save_prefix='cat',
                          save_format='jpeg'):
    i += 1
    if i > 20:
        break  # otherwise the generator would loop indefinitely
previewed = len(os.listdir(preview))

# ---- a small convnet from scratch

model = Sequential()
model.add(Conv2D(8, (3, 3), input_shape=input_shape))
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(2, 2)))

model.add(Conv2D(8, (3, 3)))
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(2, 2)))

model.add(Conv2D(16, (3, 3)))
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(2, 2)))

model.add(Flatten())
model.add(Dense(32))
model.add(Activation('relu'))
model.add(Dropout(0.2))
model.add(Dense(1))
model.add(Activation('sigmoid'))

model.compile(loss='binary_crossentropy',
              optimizer=optimizers.Adam(lr=0.003),
              metrics=['accuracy'])

train_datagen = ImageDataGenerator(
    rescale=1. / 255,
    shear_range=0.2,
    zoom_range=0.2,
    horizontal_flip=True)

test_datagen = ImageDataGenerator(rescale=1. / 255)

train_generator = train_datagen.flow_from_directory(
    train_data_dir,
    target_size=(img_width, img_height),
    batch_size=batch_size,
    class_mode='binary')

validation_generator = test_datagen.flow_from_directory(
    validation_data_dir,
    target_size=(img_width, img_height),
    batch_size=batch_size,
    class_mode='binary')

history = model.fit_generator(
    train_generator,
    steps_per_epoch=nb_train_samples // batch_size,
    epochs=14,
    verbose=0,
    validation_data=validation_generator,
    validation_steps=nb_validation_samples // batch_size)
model.save_weights(os.path.join(base, 'first_try.h5'))
scratch = model.evaluate_generator(validation_generator,
                                   nb_validation_samples // batch_size)[1]

# ---- the trained network: made and saved here, loaded as one that was downloaded

net = Sequential(name='net')
net.add(Conv2D(8, (3, 3), activation='relu', input_shape=input_shape, name='block1_conv'))
net.add(MaxPooling2D((2, 2), name='block1_pool'))
net.add(Conv2D(12, (3, 3), activation='relu', name='block2_conv'))
net.add(MaxPooling2D((2, 2), name='block2_pool'))
net.add(Conv2D(16, (3, 3), activation='relu', name='block3_conv'))
net.add(Flatten(name='flatten'))
net.add(Dense(4, activation='softmax', name='predictions'))
net.compile(optimizers.Adam(lr=0.003), 'categorical_crossentropy', metrics=['accuracy'])
patterns = test_datagen.flow_from_directory(
    os.path.join(base, 'patterns'), target_size=(img_width, img_height), batch_size=16)
net.fit_generator(patterns, steps_per_epoch=6, epochs=8, verbose=0)
net.save(os.path.join(base, 'net.h5'))

# ---- bottleneck features

loaded = load_model(os.path.join(base, 'net.h5'))
bottom = Model(loaded.input, loaded.get_layer('block3_conv').output)

generator = test_datagen.flow_from_directory(
    train_data_dir,
    target_size=(img_width, img_height),
    batch_size=batch_size,
    class_mode=None,
    shuffle=False)
train_features = bottom.predict_generator(generator, nb_train_samples // batch_size)
np.save(open(os.path.join(base, 'bottleneck_features_train.npy'), 'wb'), train_features)

generator = test_datagen.flow_from_directory(
    validation_data_dir,
    target_size=(img_width, img_height),
    batch_size=batch_size,
    class_mode=None,
    shuffle=False)
validation_features = bottom.predict_generator(generator, nb_validation_samples // batch_size)

train_data = np.load(open(os.path.join(base, 'bottleneck_features_train.npy'), 'rb'))
train_labels = np.array([0] * (nb_train_samples // 2) + [1] * (nb_train_samples // 2))
validation_labels = np.array(
    [0] * (nb_validation_samples // 2) + [1] * (nb_validation_samples // 2))


def make_top():
    top = Sequential()
    top.add(Flatten(input_shape=train_data.shape[1:]))
    top.add(Dense(16, activation='relu'))
    top.add(Dropout(0.5))
    top.add(Dense(1, activation='sigmoid'))
    return top


top_model = make_top()
top_model.compile(optimizer='rmsprop', loss='binary_crossentropy', metrics=['accuracy'])
top_model.fit(train_data, train_labels,
              epochs=20,
              batch_size=batch_size,
              verbose=0,
              validation_data=(validation_features, validation_labels))
top_weights = os.path.join(base, 'bottleneck_fc_model.h5')
top_model.save_weights(top_weights)
bottleneck = top_model.evaluate(validation_features, validation_labels, verbose=0)[1]

# ---- fine-tuning: the top on the network, its first blocks frozen

top_model = make_top()
top_model.load_weights(top_weights)
full = Model(inputs=bottom.input, outputs=top_model(bottom.output))
for layer in full.layers[:5]:
    layer.trainable = False
frozen_before = [w.copy() for layer in full.layers[:5] for w in layer.get_weights()]
block3_before = full.get_layer('block3_conv').get_weights()[0]
full.compile(loss='binary_crossentropy',
             optimizer=optimizers.SGD(lr=1e-3, momentum=0.9),
             metrics=['accuracy'])
full.fit_generator(
    train_generator,
    steps_per_epoch=nb_train_samples // batch_size,
    epochs=3,
    verbose=0,
    validation_data=validation_generator,
    validation_steps=nb_validation_samples // batch_size)
tuned = full.evaluate_generator(validation_generator, nb_validation_samples // batch_size)[1]
frozen_after = [w for layer in full.layers[:5] for w in layer.get_weights()]
moved = np.abs(full.get_layer('block3_conv').get_weights()[0] - block3_before).max()

print(json.dumps({
    'previewed': previewed,
    'classes': train_generator.class_indices,
    'files': [train_generator.filenames[0], len(train_generator.filenames)],
    'features': list(train_data.shape),
    'losses': [history.history['loss'][0], history.history['loss'][-1]],
    'scratch': float(scratch),
    'bottleneck': float(bottleneck),
    'tuned': float(tuned),
    'frozen_same': all(np.array_equal(a, b) for a, b in zip(frozen_before, frozen_after)),
    'moved': float(moved),
}))
