'''A residual network written by hand, after the paper, for small images.'''
import json
import numpy as np
from keras import backend as K
from keras.layers import Input, Activation, Dense, Flatten, merge
from keras.layers import Convolution2D, MaxPooling2D, AveragePooling2D, ZeroPadding2D
from keras.layers import BatchNormalization
from keras.models import Model
from keras.optimizers import SGD
from keras.regularizers import l2, l1l2

weight_decay = 0.01
if K.image_dim_ordering() == 'tf':
    bn_axis, input_shape = 3, (16, 16, 3)
else:
    bn_axis, input_shape = 1, (3, 16, 16)


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def _conv_bn_relu(nb_filter, nb_row, nb_col, subsample=(1, 1)):
    def f(input):
        conv = Convolution2D(nb_filter=nb_filter, nb_row=nb_row, nb_col=nb_col,
                             subsample=subsample, init='he_normal', border_mode='same',
                             W_regularizer=l2(weight_decay))(input)
        norm = BatchNormalization(mode=0, axis=bn_axis)(conv)
        return Activation('relu')(norm)
    return f


def identity_block(input_tensor, kernel_size, filters, stage, block):
    nb_filter1, nb_filter2 = filters
    conv_name_base = 'res' + str(stage) + block + '_branch'
    bn_name_base = 'bn' + str(stage) + block + '_branch'
    x = Convolution2D(nb_filter1, 1, 1, name=conv_name_base + '2a')(input_tensor)
    x = BatchNormalization(axis=bn_axis, name=bn_name_base + '2a')(x)
    x = Activation('relu')(x)
    x = Convolution2D(nb_filter2, kernel_size, kernel_size, border_mode='same',
                      name=conv_name_base + '2b')(x)
    x = BatchNormalization(axis=bn_axis, name=bn_name_base + '2b')(x)
    x = merge([x, input_tensor], mode='sum')
    return Activation('relu')(x)


def conv_block(input_tensor, nb_filter, stage, block, strides=(2, 2)):
    x = Convolution2D(nb_filter, 3, 3, subsample=strides, border_mode='same',
                      W_regularizer=l1l2(l1=1e-4, l2=1e-4))(input_tensor)
    x = BatchNormalization(axis=bn_axis, momentum=0.9, epsilon=1e-5)(x)
    shortcut = Convolution2D(nb_filter, 1, 1, subsample=strides, bias=False)(input_tensor)
    x = merge([x, shortcut], mode='sum', name='merge_%d%s' % (stage, block))
    return Activation('relu')(x)


img_input = Input(shape=input_shape)
x = ZeroPadding2D((1, 1))(img_input)
x = _conv_bn_relu(4, 3, 3, subsample=(2, 2))(x)
x = MaxPooling2D((3, 3), strides=(2, 2), border_mode='same')(x)
x = conv_block(x, 6, stage=2, block='a', strides=(1, 1))
x = identity_block(x, 3, [3, 6], stage=2, block='b')
x = conv_block(x, 8, stage=3, block='a')
x = AveragePooling2D((2, 2), name='avg_pool')(x)
x = Flatten()(x)
x = Dense(3, activation='softmax', name='fc3')(x)
model = Model(img_input, x)

weights = [fixed(w.shape, i, .4) for i, w in enumerate(model.get_weights())]
for layer in model.layers:
    if isinstance(layer, BatchNormalization):
        gamma, beta, mean, std = [fixed(w.shape, 5, .2) for w in layer.get_weights()]
        layer.set_weights([gamma + 1, beta, mean, std + 1])
    elif layer.get_weights():
        layer.set_weights([fixed(w.shape, 7 + i, .4) for i, w in enumerate(layer.get_weights())])

sgd = SGD(lr=0.01, momentum=0.9)
model.compile(optimizer=sgd, loss='categorical_crossentropy', metrics=['acc'])
X, y = fixed((8,) + input_shape, 100, 1.), np.eye(3)[np.arange(8) % 3]
before = model.predict(X)
losses = [[float(v) for v in model.train_on_batch(X, y)] for i in range(4)]
print(json.dumps({
    'before': before.tolist(),
    'losses': losses,
    'params': int(model.count_params()),
    'names': [l.name for l in model.layers if l.name.startswith(('res', 'merge_2', 'fc'))],
    'shapes': [[int(d) for d in l.output_shape[1:]] for l in model.layers
               if 'activation' in l.name],
    'bn': model.get_layer('bn2b_branch2a').get_weights()[2].tolist(),
}))
