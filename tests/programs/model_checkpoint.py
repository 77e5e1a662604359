"""The documentation's example of saving a model whenever its validation loss has become lower."""
import glob
import json
import os
import tempfile

import numpy as np

import keras
from keras.callbacks import ModelCheckpoint
from keras.layers import Activation, Dense
from keras.models import Sequential, load_model

random = np.random.RandomState(0)
x_train = random.uniform(size=(600, 784)).astype('float32')
y_train = keras.utils.to_categorical(x_train[:, :10].argmax(axis=1), 10)
x_test = random.uniform(size=(100, 784)).astype('float32')
y_test = keras.utils.to_categorical(x_test[:, :10].argmax(axis=1), 10)
folder = tempfile.mkdtemp()

model = Sequential()
model.add(Dense(10, input_dim=784, kernel_initializer='uniform'))
model.add(Activation('softmax'))
model.compile(loss='categorical_crossentropy', optimizer='rmsprop', metrics=['accuracy'])

# The same beginning and the same order in every Keras.
model.set_weights([random.uniform(-0.05, 0.05, size=w.shape) for w in model.get_weights()])

'''
saves the model weights after each epoch if the validation loss decreased
'''
path = os.path.join(folder, 'weights.hdf5')
checkpointer = ModelCheckpoint(filepath=path, verbose=1, save_best_only=True)
named = ModelCheckpoint(os.path.join(folder, 'w.{epoch:02d}-{val_loss:.1f}-{val_acc:.1f}.h5')
                        if keras.__version__ < '2.3' else
                        os.path.join(folder, 'w.{epoch:02d}-{val_loss:.1f}-{val_accuracy:.1f}.h5'),
                        period=8, save_weights_only=True)
history = model.fit(x_train, y_train, batch_size=128, epochs=20, verbose=0,
                    validation_data=(x_test, y_test), callbacks=[checkpointer, named],
                    shuffle=False)

best = load_model(path)
print(json.dumps({
    'val_loss': [float(loss) for loss in history.history['val_loss']],
    'best': float(checkpointer.best),
    'evaluated': [float(value) for value in best.evaluate(x_test, y_test, verbose=0)],
    'iterations': int(keras.backend.get_value(best.optimizer.iterations)),
    'files': sorted(os.path.basename(name) for name in glob.glob(folder + '/*')),
}))
