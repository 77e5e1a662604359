'''A trained network gets a new head: layers.pop() and the lines that repair it, weights moved.'''
import json
import os
import tempfile
import numpy as np
from keras import backend as K
from keras.layers import Dense, Dropout, Flatten, Input, Convolution2D, MaxPooling2D
from keras.models import Sequential, Model
from keras.optimizers import SGD


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def vgg(weights_path=None):
    model = Sequential()
    model.add(Convolution2D(4, 3, 3, activation='relu', input_shape=(8, 8, 2), name='conv1_1'))
    model.add(MaxPooling2D((2, 2), strides=(2, 2)))
    model.add(Flatten())
    model.add(Dense(6, activation='relu', name='fc6'))
    model.add(Dropout(0.5))
    model.add(Dense(5, activation='softmax', name='fc8'))
    if weights_path:
        model.load_weights(weights_path)
    return model


X, y = fixed((6, 8, 8, 2), 1, 1.), np.eye(3)[[0, 1, 2, 0, 1, 2]]
original = vgg()
original.set_weights([fixed(w.shape, i) for i, w in enumerate(original.get_weights())])
path = os.path.join(tempfile.mkdtemp(), 'vgg_weights.h5')
original.save_weights(path, overwrite=True)

# 1. features: pop the classifier off a Sequential, twice, then repair its output
model = vgg(path)
model.layers.pop()
model.layers.pop()
model.outputs = [model.layers[-1].output]
model.layers[-1].outbound_nodes = []
features = model.predict(X)

# 2. a new classifier on what is left
for layer in model.layers:
    layer.trainable = False
model.add(Dense(3, activation='softmax', name='fc_new'))
model.layers[-1].set_weights([fixed((6, 3), 50), np.zeros(3)])
sgd = SGD(lr=0.1, decay=1e-6, momentum=0.9, nesterov=True)
model.compile(loss='categorical_crossentropy', optimizer=sgd, metrics=['accuracy'])
kept = [w.copy() for w in model.get_weights()[:4]]
history = model.fit(X, y, nb_epoch=3, batch_size=3, shuffle=False, verbose=0)
frozen = all(np.array_equal(a, b) for a, b in zip(kept, model.get_weights()[:4]))

# 3. the same with the functional API
base = vgg(path)
x = base.layers[-2].output
x = Dense(2, activation='softmax', name='predictions')(x)
tuned = Model(input=base.input, output=x)
tuned.get_layer('predictions').set_weights([fixed((6, 2), 60), np.zeros(2)])

# 4. Sequential.pop
popped = vgg(path)
popped.pop()
popped.pop()
popped.add(Dense(1, name='score'))
popped.layers[-1].set_weights([fixed((6, 1), 70), np.ones(1)])

# 5. a layer's outputs from the middle; a truncated Sequential from a list of layers
shorter = Sequential()
for layer in vgg(path).layers[:3]:
    shorter.add(layer)
get_3rd_layer_output = K.function([original.layers[0].input, K.learning_phase()],
                                  [original.layers[3].output])

# 6. surgery: the dense kernel with one unit taken out
W, b = original.get_layer('fc6').get_weights()
out_W, out_b = original.get_layer('fc8').get_weights()
original.get_layer('fc6').set_weights([W * (np.arange(6) != 2), b * (np.arange(6) != 2)])
original.get_layer('fc8').set_weights([np.delete(np.insert(out_W, 0, 9, axis=0), 0, axis=0), out_b])
os.remove(path)

print(json.dumps({
    'features': features.tolist(),
    'again': bool(np.allclose(get_3rd_layer_output([X, 0])[0][:, :2], features[:, :2])),
    'loss': history.history['loss'],
    'frozen': frozen,
    'layers': [len(m.layers) for m in (model, tuned, popped, shorter)],
    'output': [[int(d) for d in m.output_shape[1:]] for m in (model, tuned, popped, shorter)],
    'tuned': tuned.predict(X).tolist(),
    'popped': popped.predict(X).tolist(),
    'shorter': shorter.predict(X).sum(axis=1).tolist(),
    'cut': original.predict(X).tolist(),
    'trainable': [len(m.trainable_weights) for m in (model, tuned, popped)],
}))
