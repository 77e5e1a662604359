"""Neural style transfer: a Gram-matrix loss over a picture, its gradient, and SciPy's L-BFGS."""
import json

import numpy as np
from scipy.optimize import fmin_l_bfgs_b

from keras import backend as K
from keras.layers import AveragePooling2D, Conv2D, Input
from keras.models import Model


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


img_nrows, img_ncols = 8, 8
content_weight, style_weight, total_variation_weight = 0.025, 1.0, 0.01
base = fixed((1, img_nrows, img_ncols, 3), 70, 1.)
style = fixed((1, img_nrows, img_ncols, 3), 71, 1.)


def gram_matrix(x):
    assert K.ndim(x) == 3
    if K.image_data_format() == 'channels_first':
        features = K.batch_flatten(x)
    else:
        features = K.batch_flatten(K.permute_dimensions(x, (2, 0, 1)))
    return K.dot(features, K.transpose(features))


def style_loss(style, combination):
    S = gram_matrix(style)
    C = gram_matrix(combination)
    channels = 3
    size = img_nrows * img_ncols
    return K.sum(K.square(S - C)) / (4.0 * (channels ** 2) * (size ** 2))


def content_loss(base, combination):
    return K.sum(K.square(combination - base))


def total_variation_loss(x):
    assert K.ndim(x) == 4
    a = K.square(x[:, :img_nrows - 1, :img_ncols - 1, :] - x[:, 1:, :img_ncols - 1, :])
    b = K.square(x[:, :img_nrows - 1, :img_ncols - 1, :] - x[:, :img_nrows - 1, 1:, :])
    return K.sum(K.pow(a + b + 1e-3, 1.25))


base_image = K.variable(base)
style_reference_image = K.variable(style)
combination_image = K.placeholder((1, img_nrows, img_ncols, 3))
input_tensor = K.concatenate([base_image, style_reference_image, combination_image], axis=0)

inputs = Input(tensor=input_tensor)
z = Conv2D(4, (3, 3), padding='same', activation='relu', name='block1_conv1')(inputs)
z = AveragePooling2D((2, 2), name='block1_pool')(z)
z = Conv2D(5, (3, 3), padding='same', activation='relu', name='block2_conv1')(z)
model = Model(inputs, z)
model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
outputs_dict = dict([(layer.name, layer.output) for layer in model.layers])

loss = K.variable(0.0)
layer_features = outputs_dict['block2_conv1']
base_image_features = layer_features[0, :, :, :]
combination_features = layer_features[2, :, :, :]
loss = loss + content_weight * content_loss(base_image_features, combination_features)
feature_layers = ['block1_conv1', 'block2_conv1']
for layer_name in feature_layers:
    layer_features = outputs_dict[layer_name]
    style_reference_features = layer_features[1, :, :, :]
    combination_features = layer_features[2, :, :, :]
    sl = style_loss(style_reference_features, combination_features)
    loss = loss + (style_weight / len(feature_layers)) * sl
loss = loss + total_variation_weight * total_variation_loss(combination_image)

grads = K.gradients(loss, combination_image)
outputs = [loss]
if isinstance(grads, (list, tuple)):
    outputs += grads
else:
    outputs.append(grads)
f_outputs = K.function([combination_image], outputs)
calls = []


def eval_loss_and_grads(x):
    calls.append(1)
    x = x.reshape((1, img_nrows, img_ncols, 3))
    outs = f_outputs([x])
    loss_value = outs[0]
    if len(outs[1:]) == 1:
        grad_values = outs[1].flatten().astype('float64')
    else:
        grad_values = np.array(outs[1:]).flatten().astype('float64')
    return loss_value, grad_values


class Evaluator(object):
    """Loss and gradient in one pass, handed to SciPy one by one."""

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


start = base.copy()
first_loss, first_gradient = eval_loss_and_grads(start)
direction = fixed((1, img_nrows, img_ncols, 3), 72, 1.)
change = 1e-2
finite = (float(eval_loss_and_grads(start + change * direction)[0])
          - float(eval_loss_and_grads(start - change * direction)[0])) / (2 * change)

evaluator = Evaluator()
x = start.flatten().astype('float64')
losses = []
for i in range(3):
    x, min_val, info = fmin_l_bfgs_b(evaluator.loss, x, fprime=evaluator.grads, maxfun=20)
    losses.append(float(min_val))

print(json.dumps({
    'loss': float(first_loss),
    'gradient': first_gradient.tolist(),
    'finite': [finite, float(np.sum(first_gradient * direction.flatten()))],
    'gram': K.eval(gram_matrix(K.constant(base[0]))).tolist(),
    'losses': losses,
    'calls': len(calls),
}))
