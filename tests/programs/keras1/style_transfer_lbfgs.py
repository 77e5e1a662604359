'''Neural style transfer of Keras 1: an Evaluator, fmin_l_bfgs_b, both orderings, both backends.'''
from __future__ import print_function
import json
import keras
import numpy as np
from scipy.optimize import fmin_l_bfgs_b
from keras import backend as K
from keras.layers import Convolution2D, AveragePooling2D, ZeroPadding2D, Input
from keras.models import Sequential, Model

K.set_image_dim_ordering('th')
img_height = img_width = 8
total_variation_weight, style_weight, content_weight = .05, 1., .1


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def deprocess_image(x):
    if K.image_dim_ordering() == 'th':
        x = x.reshape((3, img_height, img_width))
        x = x.transpose((1, 2, 0))
    x[:, :, 0] += 103.939
    return np.clip(x[:, :, ::-1], 0, 255).astype('uint8')


base_image = K.variable(fixed((1, 3, img_height, img_width), 1, 1.))
style_reference_image = K.variable(fixed((1, 3, img_height, img_width), 2, 1.))
if K.image_dim_ordering() == 'th':
    combination_image = K.placeholder((1, 3, img_height, img_width))
else:
    combination_image = K.placeholder((1, img_height, img_width, 3))
input_tensor = K.concatenate([base_image, style_reference_image, combination_image], axis=0)

inputs = Input(tensor=input_tensor, batch_shape=(3, 3, img_height, img_width))
x = ZeroPadding2D((1, 1))(inputs)
x = Convolution2D(4, 3, 3, activation='relu', name='conv1_1')(x)
x = AveragePooling2D((2, 2), strides=(2, 2))(x)
x = Convolution2D(4, 3, 3, activation='relu', name='conv2_1', border_mode='same')(x)
model = Model(inputs, x)
old = K._BACKEND == 'theano' or keras.__version__ < '2'
for name in ['conv1_1', 'conv2_1']:
    layer = model.get_layer(name)
    kernel = fixed((3, 3, 3 if name == 'conv1_1' else 4, 4), 3)
    bias = layer.get_weights()[1]
    layer.set_weights([kernel.transpose(3, 2, 0, 1) if old else kernel, bias])
outputs_dict = dict([(layer.name, layer.output) for layer in model.layers])


def gram_matrix(x):
    assert K.ndim(x) == 3
    if K.image_dim_ordering() == 'th':
        features = K.batch_flatten(x)
    else:
        features = K.batch_flatten(K.permute_dimensions(x, (2, 0, 1)))
    return K.dot(features, K.transpose(features))


def style_loss(style, combination):
    size = img_height * img_width
    return K.sum(K.square(gram_matrix(style) - gram_matrix(combination))) / (4. * 9 * (size ** 2))


def total_variation_loss(x):
    assert K.ndim(x) == 4
    a = K.square(x[:, :, :img_height - 1, :img_width - 1] - x[:, :, 1:, :img_width - 1])
    b = K.square(x[:, :, :img_height - 1, :img_width - 1] - x[:, :, :img_height - 1, 1:])
    return K.sum(K.pow(a + b, 1.25))


loss = K.variable(0.)
layer_features = outputs_dict['conv2_1']
loss += content_weight * K.sum(K.square(layer_features[2, :, :, :] - layer_features[0, :, :, :]))
for layer_name in ['conv1_1', 'conv2_1']:
    features = outputs_dict[layer_name]
    loss += (style_weight / 2) * style_loss(features[1, :, :, :], features[2, :, :, :])
loss += total_variation_weight * total_variation_loss(combination_image)
grads = K.gradients(loss, combination_image)
outputs = [loss]
if type(grads) in {list, tuple}:
    outputs += grads
else:
    outputs.append(grads)
f_outputs = K.function([combination_image], outputs)


def eval_loss_and_grads(x):
    x = x.reshape((1, 3, img_height, img_width))
    outs = f_outputs([x])
    if len(outs[1:]) == 1:
        grad_values = outs[1].flatten().astype('float64')
    else:
        grad_values = np.array(outs[1:]).flatten().astype('float64')
    return outs[0], grad_values


class Evaluator(object):
    def __init__(self):
        self.loss_value = None
        self.grads_values = None

    def loss(self, x):
        assert self.loss_value is None
        loss_value, grad_values = eval_loss_and_grads(x)
        self.loss_value = float(loss_value)
        self.grad_values = grad_values
        return self.loss_value

    def grads(self, x):
        assert self.loss_value is not None
        grad_values = np.copy(self.grad_values)
        self.loss_value = None
        self.grad_values = None
        return grad_values


evaluator = Evaluator()
x = fixed((1, 3, img_height, img_width), 9, 2.)
start = evaluator.loss(x.flatten())
first_gradient = evaluator.grads(x)
found = []
for i in range(2):
    x, min_val, info = fmin_l_bfgs_b(evaluator.loss, x.flatten(), fprime=evaluator.grads, maxfun=8)
    found.append(float(min_val))
img = deprocess_image(x.copy())

print(json.dumps({
    'start': start,
    'gradient': first_gradient[:12].tolist(),
    'falls': bool(found[1] <= found[0] < start),
    'image': [list(img.shape), str(img.dtype)],
    'backend': K._BACKEND,
}))
K.set_image_dim_ordering('tf')
