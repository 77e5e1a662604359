"""A seed makes a run repeat exactly: initial weights, dropout, shuffling, noise."""
import json
import random
import sys

import numpy as np

from keras import backend as K
from keras.layers import Dense, Dropout, Lambda
from keras.models import Sequential

seed = int(sys.argv[1])
np.random.seed(seed)
random.seed(seed)

model = Sequential()
model.add(Dense(16, input_dim=8, activation='relu', kernel_initializer='he_normal'))
model.add(Dropout(0.4))
model.add(Lambda(lambda t: t + K.random_normal(K.shape(t), stddev=0.1)))
model.add(Dense(3, activation='softmax'))
model.compile('adam', 'categorical_crossentropy')
start = model.get_weights()[0].sum()

x = np.random.random((90, 8))
y = np.eye(3)[np.random.randint(3, size=90)]
history = model.fit(x, y, epochs=3, batch_size=16, validation_split=0.1, verbose=0)
batch = model.train_on_batch(x[:16], y[:16])
print(json.dumps({'start': float(start), 'loss': history.history['loss'],
                  'val_loss': history.history['val_loss'], 'batch': float(batch),
                  'weights': float(sum(np.abs(w).sum() for w in model.get_weights())),
                  'after': float(np.random.random())}))
