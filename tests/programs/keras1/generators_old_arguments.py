'''fit_generator with the arguments of Keras 1: samples_per_epoch, nb_val_samples, pickle_safe.'''
import json
import numpy as np
from keras.callbacks import Callback
from keras.layers import Dense, Dropout
from keras.models import Sequential
from keras.preprocessing.image import ImageDataGenerator
from keras.utils.np_utils import to_categorical


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


X = fixed((24, 5), 0, 1.)
Y = to_categorical((X.sum(axis=1) > 0).astype(int), 2)


def batches(size):
    while 1:
        for start in range(0, len(X), size):
            yield X[start:start + size], Y[start:start + size]


def weighted(size):
    for x, y in batches(size):
        yield x, y, np.linspace(.5, 1.5, len(x))


class LossHistory(Callback):
    def on_train_begin(self, logs={}):
        self.losses = []
        self.sizes = []

    def on_batch_end(self, batch, logs={}):
        self.losses.append(float(logs.get('loss')))
        self.sizes.append(int(logs.get('size')))


def build():
    model = Sequential()
    model.add(Dense(6, input_dim=5, init='uniform', activation='tanh'))
    model.add(Dense(2, activation='softmax'))
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    model.compile(loss='categorical_crossentropy', optimizer='sgd', metrics=['accuracy'])
    return model


model, seen = build(), LossHistory()
history = model.fit_generator(batches(6), samples_per_epoch=24, nb_epoch=3, verbose=0,
                              callbacks=[seen], validation_data=batches(8), nb_val_samples=16,
                              max_q_size=2, nb_worker=1, pickle_safe=False)
scores = model.evaluate_generator(batches(6), val_samples=24, max_q_size=2)
predicted = model.predict_generator(batches(6), val_samples=24, nb_worker=1)

classes = build().fit_generator(batches(6), samples_per_epoch=24, nb_epoch=2, verbose=0,
                                class_weight={0: 1., 1: 3.}, validation_data=(X, Y))
weights = build().fit_generator(weighted(6), samples_per_epoch=24, nb_epoch=2, verbose=0)

images = fixed((12, 4, 4, 1), 5, 1.)
labels = np.eye(2)[np.arange(12) % 2]
datagen = ImageDataGenerator(featurewise_center=True, featurewise_std_normalization=True,
                             dim_ordering='tf', rescale=None)
datagen.fit(images)
picture_model = Sequential()
from keras.layers import Flatten
picture_model.add(Flatten(input_shape=(4, 4, 1)))
picture_model.add(Dense(2, activation='softmax'))
picture_model.set_weights([fixed(w.shape, i) for i, w in enumerate(picture_model.get_weights())])
picture_model.compile('sgd', 'categorical_crossentropy')
pictures = picture_model.fit_generator(
    datagen.flow(images, labels, batch_size=4, shuffle=False),
    samples_per_epoch=len(images), nb_epoch=2, verbose=0)

print(json.dumps({
    'loss': history.history['loss'],
    'acc': history.history['acc'],
    'val_loss': history.history['val_loss'],
    'batches': seen.losses,
    'sizes': seen.sizes,
    'scores': [float(s) for s in scores],
    'predicted': predicted[:3].tolist(),
    'rows': len(predicted),
    'class weight': classes.history['loss'],
    'class weight val': classes.history['val_loss'],
    'weighted': weights.history['loss'],
    'pictures': pictures.history['loss'],
}))
