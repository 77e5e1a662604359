"""An outline of Keras, from models to utilities: everything it names, used in its order.

Weights and data are fixed by formula, so that each number can be compared; what draws at random is
tried in the test phase, where it does nothing.
"""
import json
import os
import tempfile

import numpy as np

import keras
from keras import backend as K
from keras import constraints, initializers, losses, metrics, regularizers
from keras.layers import *
from keras.models import Model, Sequential, load_model, model_from_json
from keras.preprocessing.image import ImageDataGenerator

os.chdir(tempfile.mkdtemp())
found = {}


def wave(*shape):
    """Numbers between -1 and 1 that look like none of a pattern."""
    return np.sin(np.arange(np.prod(shape)) * 12.9898).reshape(shape).astype('float32')


def settle(model):
    model.set_weights([wave(*w.shape) * 0.4 for w in model.get_weights()])
    return model


def floats(values):
    return np.asarray(values, 'float64').tolist()


# ---- the course of a program: build, compile, fit, evaluate, predict

data, labels = wave(40, 6), np.eye(3)[np.arange(40) % 3]
model = Sequential()
model.add(Dense(5, input_shape=(6,), activation='tanh'))
model.add(Dense(3, activation='softmax'))
settle(model)
model.compile(optimizer='sgd', loss='categorical_crossentropy', metrics=['accuracy'])
history = model.fit(data, labels, epochs=2, batch_size=8, shuffle=False, verbose=0)
found['fit'] = floats(history.history['loss'])
found['train_on_batch'] = floats(model.train_on_batch(data[:8], labels[:8])[:1])
found['evaluate'] = floats(model.evaluate(data, labels, batch_size=8, verbose=0))
found['predict'] = floats(model.predict(data[:3]))

# ---- models: methods and attributes

found['model'] = [len(model.layers), len(model.inputs), len(model.outputs)]
lines = []
model.summary(print_fn=lines.append)
found['summary'] = [line for line in lines if line.startswith(('Total', 'Trainable', 'Non'))]
weights = model.get_weights()
model.save_weights('weights.h5')
again = model_from_json(model.to_json())
again.load_weights('weights.h5')
found['again'] = all((a == b).all() for a, b in zip(weights, again.get_weights()))
found['yaml'] = 'class_name: Sequential' in model.to_yaml() if K.backend() != 'jax' else True
found['test_on_batch'] = floats(model.test_on_batch(data[:8], labels[:8])[:1])
found['predict_on_batch'] = floats(model.predict_on_batch(data[:2]))


def batches():
    while True:
        for i in range(0, 40, 8):
            yield data[i:i + 8], labels[i:i + 8]


settle(model)
history = model.fit_generator(batches(), steps_per_epoch=5, epochs=2, verbose=0, workers=0)
found['fit_generator'] = floats(history.history['loss'])
found['evaluate_generator'] = float(model.evaluate_generator(batches(), 5, workers=0)[1])
found['predict_generator'] = floats(model.predict_generator(batches(), 1, workers=0))

# HDF5: structure, weights, training configuration, state of the optimizer
model.compile(optimizer='adam', loss='categorical_crossentropy')
model.fit(data, labels, epochs=1, batch_size=8, shuffle=False, verbose=0)
model.save('model.h5')
loaded = load_model('model.h5')
found['gone on'] = [floats(each.fit(data, labels, epochs=2, batch_size=8, shuffle=False,
                                    verbose=0).history['loss']) for each in (model, loaded)]

# validation_split takes the last part, before anything is shuffled
settle(model)
model.compile(optimizer=keras.optimizers.SGD(lr=0.), loss='categorical_crossentropy')
history = model.fit(data, labels, validation_split=0.25, epochs=1, verbose=0)
found['split'] = [floats(history.history['val_loss'])[0],
                  float(model.evaluate(data[30:], labels[30:], verbose=0))]

# ---- layers: methods and attributes

shared = Dense(2, name='shared')
a, b = Input((4,)), Input((4,))
one, two = shared(a), shared(b)
layer = model.get_layer(index=0)
found['layer'] = [layer.get_config()['units'], list(layer.input_shape), list(layer.output_shape),
                  layer.input is model.input, len(layer.get_weights())]
found['nodes'] = [shared.get_input_at(0) is a, shared.get_output_at(1) is two,
                  list(shared.get_input_shape_at(1)), list(shared.get_output_shape_at(0))]

LAYERS = [  # in the order of the outline: shape of a sample, layer
    ((6,), Dense(3)), ((6,), Activation('tanh')), ((6,), Dropout(0.5)), ((2, 3), Flatten()),
    ((6,), Reshape((3, 2))), ((2, 3), Permute((2, 1))), ((3,), RepeatVector(2)),
    ((6,), Lambda(lambda x: x ** 2)), ((6,), ActivityRegularization(l1=0.1)),
    ((4, 3), Masking(0.)), ((4, 3), SpatialDropout1D(0.5)), ((4, 4, 3), SpatialDropout2D(0.5)),
    ((2, 4, 4, 3), SpatialDropout3D(0.5)),
    ((6, 2), Conv1D(3, 3)), ((6, 6, 2), Conv2D(3, (3, 3))),
    ((6, 2), SeparableConv1D(3, 3)), ((6, 6, 2), SeparableConv2D(3, (3, 3))),
    ((3, 3, 2), Conv2DTranspose(3, (3, 3), strides=2)), ((4, 4, 4, 1), Conv3D(2, (3, 3, 3))),
    ((6, 2), Cropping1D(1)), ((6, 6, 2), Cropping2D(1)), ((4, 4, 4, 1), Cropping3D(1)),
    ((3, 2), UpSampling1D(2)), ((3, 3, 2), UpSampling2D(2)), ((2, 2, 2, 1), UpSampling3D(2)),
    ((3, 2), ZeroPadding1D(1)), ((3, 3, 2), ZeroPadding2D(1)), ((2, 2, 2, 1), ZeroPadding3D(1)),
    ((6, 2), MaxPooling1D(2)), ((6, 6, 2), MaxPooling2D(2)), ((4, 4, 4, 1), MaxPooling3D(2)),
    ((6, 2), AveragePooling1D(2)), ((6, 6, 2), AveragePooling2D(2)),
    ((4, 4, 4, 1), AveragePooling3D(2)),
    ((6, 2), GlobalMaxPooling1D()), ((6, 6, 2), GlobalMaxPooling2D()),
    ((4, 4, 4, 1), GlobalMaxPooling3D()),
    ((6, 2), GlobalAveragePooling1D()), ((6, 6, 2), GlobalAveragePooling2D()),
    ((4, 4, 4, 1), GlobalAveragePooling3D()),
    ((5, 2), LocallyConnected1D(3, 3)), ((4, 4, 2), LocallyConnected2D(3, (3, 3))),
    ((4, 3), RNN(SimpleRNNCell(2))), ((4, 3), SimpleRNN(2)), ((4, 3), GRU(2)), ((4, 3), LSTM(2)),
    ((4, 3), LSTM(2, return_sequences=True, go_backwards=True)),
    ((6,), Softmax()), ((6,), ReLU()), ((6,), LeakyReLU()), ((6,), PReLU()), ((6,), ELU()),
    ((6,), ThresholdedReLU(0.3)), ((6,), GaussianNoise(0.5)), ((6,), GaussianDropout(0.5)),
    ((6,), AlphaDropout(0.5)),
    ((4, 3), TimeDistributed(Dense(2))), ((4, 3), Bidirectional(LSTM(2))),
]
for shape, layer in LAYERS:
    net = settle(Sequential([InputLayer(shape), layer]))
    name = type(layer).__name__
    while name in found:
        name += ' again'
    value = net.predict(wave(2, *shape))
    found[name] = [list(value.shape), float(np.abs(value).sum()), floats(value.flatten()[:6])]

for form in ['channels_last', 'channels_first']:
    shape = (6, 5, 2) if form == 'channels_last' else (2, 6, 5)
    layer = Conv2D(3, (3, 3), data_format=form)
    if form == 'channels_first':  # TensorFlow has no such convolution on a CPU
        found[form] = list(Sequential([InputLayer(shape), layer]).output_shape)
    else:
        found[form] = list(settle(Sequential([InputLayer(shape), layer])).output_shape)

net = Sequential([Embedding(7, 3, input_length=4)])
found['Embedding'] = floats(settle(net).predict(np.arange(8).reshape(2, 4) % 7))
net = Sequential([BatchNormalization(input_shape=(3,))])
net.set_weights([np.array(row, 'float32') for row in [[1, 2, 3], [0, 1, -1], [.5, 0, 1], [1, 4, 9]]])
found['BatchNormalization'] = floats(net.predict(wave(2, 3)))  # gamma, beta, mean, variance

for merge in [Add(), Subtract(), Multiply(), Average(), Maximum(), Concatenate(), Dot(-1)]:
    net = Model([a, b], merge([a, b]))
    found[type(merge).__name__] = floats(net.predict([wave(2, 4), wave(2, 4)[::-1]]))


# ---- a layer of one's own


class Scale(Layer):
    def build(self, input_shape):
        self.scale = self.add_weight(name='scale', shape=(input_shape[-1],), initializer='ones')
        super(Scale, self).build(input_shape)

    def call(self, x):
        return x * self.scale

    def compute_output_shape(self, input_shape):
        return input_shape


found['Scale'] = floats(settle(Sequential([Scale(input_shape=(4,))])).predict(wave(2, 4)))

# ---- preprocessing of images

generator = ImageDataGenerator(featurewise_center=True, rotation_range=30, horizontal_flip=True)
images = 100 + 100 * wave(6, 8, 8, 3)
generator.fit(images)
found['mean'] = floats(generator.mean.flatten())
found['transform'] = sorted(generator.get_random_transform((8, 8, 3), seed=1))
turned = generator.apply_transform(images[0].copy(), {'theta': 90, 'flip_horizontal': True})
found['apply_transform'] = floats(turned[2, :3, 0])
found['standardize'] = floats(generator.standardize(images[0].copy())[0, 0])
found['random_transform'] = list(generator.random_transform(images[0]).shape)
found['flow'] = list(next(generator.flow(images, batch_size=4)).shape)

# ---- losses, metrics, activations

y_true, y_pred = K.constant(labels[:4]), K.constant(np.abs(wave(4, 3)) * 0.8 + 0.1)
for name in ['mean_squared_error', 'categorical_crossentropy']:
    found[name] = floats(K.eval(getattr(losses, name)(y_true, y_pred)))
for name in ['binary_accuracy', 'categorical_accuracy']:
    found[name] = floats(K.eval(getattr(metrics, name)(y_true, y_pred)))
for name in ['softmax', 'relu', 'sigmoid', 'tanh', 'linear']:
    found[name] = floats(K.eval(keras.activations.get(name)(K.constant(wave(2, 3)))))

# ---- optimizers

for name in ['SGD', 'RMSprop', 'Adagrad', 'Adadelta', 'Adam', 'Adamax', 'Nadam']:
    settle(model)
    model.compile(optimizer=getattr(keras.optimizers, name)(), loss='categorical_crossentropy')
    history = model.fit(data, labels, epochs=3, batch_size=8, shuffle=False, verbose=0)
    found[name] = floats(history.history['loss'])

# ---- initializers, by shape, and by value where there is nothing to draw

drawn = [initializers.RandomNormal(), initializers.RandomUniform(), initializers.TruncatedNormal(),
         initializers.VarianceScaling(), initializers.Orthogonal()]
drawn += [getattr(initializers, name)() for name in ['lecun_uniform', 'glorot_normal',
                                                     'glorot_uniform', 'he_normal',
                                                     'lecun_normal', 'he_uniform']]
found['drawn'] = [bool(0 < np.std(K.eval(K.variable(0) + initializer((40, 30)))) < 0.5) for initializer in drawn]
found['given'] = [floats(K.eval(K.variable(0) + initializer((2, 2)))) for initializer in [
    initializers.Zeros(), initializers.Ones(), initializers.Constant(3), initializers.Identity()]]

# ---- regularizers and constraints

net = Sequential([Dense(4, input_shape=(6,), kernel_regularizer=regularizers.l2(0.01),
                        bias_regularizer=regularizers.l1(0.02),
                        activity_regularizer=regularizers.l1_l2(0.001, 0.002),
                        kernel_constraint=constraints.max_norm(0.8),
                        bias_constraint=constraints.non_neg())])
settle(net).compile('sgd', 'mse')
found['penalties'] = floats(net.fit(data, wave(40, 4), epochs=2, batch_size=8, shuffle=False,
                                    verbose=0).history['loss'])
found['constrained'] = [floats(w) for w in net.get_weights()]
for constraint in [constraints.unit_norm(), constraints.min_max_norm(0.2, 0.5)]:
    found[type(constraint).__name__] = floats(K.eval(constraint(K.variable(wave(3, 2)))))

# ---- utilities

found['to_categorical'] = floats(keras.utils.to_categorical([0, 2, 1]))
found['normalize'] = floats(keras.utils.normalize(wave(2, 3)))
with open('a file', 'w') as file:
    file.write('text')
path = keras.utils.get_file('copy', 'file://' + os.path.abspath('a file'), cache_dir=os.getcwd())
found['get_file'] = open(path).read()
lines = []
keras.utils.print_summary(model, print_fn=lines.append)
found['print_summary'] = len(lines) > 8
keras.utils.HDF5Matrix, keras.utils.multi_gpu_model, keras.utils.plot_model

print(json.dumps(found))
