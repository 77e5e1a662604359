"""A small convolutional network for each frame of a clip, and an LSTM over the frames."""
import json

import numpy as np

from keras import backend as K
from keras.layers import (LSTM, Activation, Conv2D, Dense, Flatten, GlobalAveragePooling2D, Input,
                          MaxPooling2D, TimeDistributed)
from keras.models import Model, Sequential
from keras.optimizers import SGD


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model, seed):
    model.set_weights([fixed(w.shape, seed + i) for i, w in enumerate(model.get_weights())])


clips = fixed((6, 4, 8, 8, 1), 50, 1.)
labels = np.eye(3)[np.random.RandomState(51).randint(0, 3, size=6)]

# Layer by layer.
model = Sequential()
model.add(TimeDistributed(Conv2D(3, (3, 3), padding='same'), input_shape=(4, 8, 8, 1)))
model.add(TimeDistributed(Activation('relu')))
model.add(TimeDistributed(MaxPooling2D(pool_size=(2, 2))))
model.add(TimeDistributed(Conv2D(4, (3, 3), activation='relu')))
model.add(TimeDistributed(Flatten()))
model.add(LSTM(5, return_sequences=False))
model.add(Dense(3, activation='softmax'))
fill(model, 0)
model.compile(loss='categorical_crossentropy', optimizer=SGD(lr=0.05, momentum=0.9))
history = model.fit(clips, labels, batch_size=3, epochs=3, shuffle=False, verbose=0)

# A whole network for a frame, distributed over time; any number of frames.
frame = Input(shape=(8, 8, 1))
z = Conv2D(3, (3, 3), activation='relu')(frame)
z = GlobalAveragePooling2D()(z)
vision = Model(frame, Dense(4, activation='tanh')(z), name='vision')
video = Input(shape=(None, 8, 8, 1))
encoded = TimeDistributed(vision)(video)
answer = Dense(1, activation='sigmoid')(LSTM(3)(encoded))
whole = Model(video, answer)
fill(whole, 30)
whole.compile(loss='binary_crossentropy', optimizer='sgd')
before = vision.predict(clips[0])
loss = [float(whole.train_on_batch(clips, labels[:, :1])) for i in range(3)]
after = vision.predict(clips[0])
frames = Model(video, encoded).predict(clips[:1])

print(json.dumps({
    'shapes': [[size and int(size) for size in layer.output_shape] for layer in model.layers],
    'loss': history.history['loss'],
    'predicted': model.predict(clips).tolist(),
    'kernel': model.layers[0].get_weights()[0].ravel().tolist(),
    'whole': loss,
    'lengths': [whole.predict(clips[:2, :n]).ravel().tolist() for n in (1, 3, 4)],
    'encoded shape': list(K.int_shape(encoded)),
    'vision learns': bool(np.abs(before - after).max() > 1e-5),
    'vision is shared': bool(np.allclose(frames[0], after, atol=1e-6)),
    'params': [int(net.count_params()) for net in (model, whole, vision)],
}))
