"""Models fed by tensors: variables and placeholders in one batch, as in style transfer."""
import json

import numpy as np
from scipy.optimize import fmin_l_bfgs_b

from keras import backend as K
from keras.layers import AveragePooling2D, Conv2D, Dense, Input
from keras.models import Model

rows, cols = 8, 10


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def small_vgg(input_tensor):
    img_input = Input(tensor=input_tensor, shape=(rows, cols, 3))
    x = Conv2D(4, (3, 3), activation='relu', padding='same', name='block1_conv1')(img_input)
    x = AveragePooling2D((2, 2), name='block1_pool')(x)
    x = Conv2D(5, (3, 3), activation='relu', padding='same', name='block2_conv1')(x)
    model = Model(img_input, x)
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    return model


base_image = K.variable(fixed((1, rows, cols, 3), 20, 1.))
style_reference_image = K.variable(fixed((1, rows, cols, 3), 21, 1.))
combination_image = K.placeholder((1, rows, cols, 3))
input_tensor = K.concatenate([base_image, style_reference_image, combination_image], axis=0)
shape = K.int_shape(input_tensor)
model = small_vgg(input_tensor)
outputs_dict = dict([(layer.name, layer.output) for layer in model.layers])


def gram_matrix(x):
    assert K.ndim(x) == 3
    features = K.batch_flatten(K.permute_dimensions(x, (2, 0, 1)))
    return K.dot(features, K.transpose(features))


def style_loss(style, combination):
    S, C = gram_matrix(style), gram_matrix(combination)
    return K.sum(K.square(S - C)) / (4.0 * (3 ** 2) * ((rows * cols) ** 2))


def total_variation_loss(x):
    assert K.ndim(x) == 4
    a = K.square(x[:, :rows - 1, :cols - 1, :] - x[:, 1:, :cols - 1, :])
    b = K.square(x[:, :rows - 1, :cols - 1, :] - x[:, :rows - 1, 1:, :])
    return K.sum(K.pow(a + b, 1.25))


loss = K.variable(0.0)
features = outputs_dict['block2_conv1']
loss = loss + 0.5 * K.sum(K.square(features[2, :, :, :] - features[0, :, :, :]))
for layer_name in ['block1_conv1', 'block2_conv1']:
    layer_features = outputs_dict[layer_name]
    loss = loss + 10. * style_loss(layer_features[1, :, :, :], layer_features[2, :, :, :])
loss = loss + 0.01 * total_variation_loss(combination_image)

grads = K.gradients(loss, combination_image)
outputs = [loss]
if isinstance(grads, (list, tuple)):
    outputs += grads
else:
    outputs.append(grads)
f_outputs = K.function([combination_image], outputs)


class Evaluator(object):
    def __init__(self):
        self.loss_value = None
        self.grad_values = None

    def loss(self, x):
        assert self.loss_value is None
        outs = f_outputs([x.reshape((1, rows, cols, 3))])
        self.loss_value = outs[0]
        self.grad_values = outs[1].flatten().astype('float64')
        return self.loss_value.astype('float64')

    def grads(self, x):
        assert self.loss_value is not None
        grad_values = np.copy(self.grad_values)
        self.loss_value = None
        self.grad_values = None
        return grad_values


start = fixed((1, rows, cols, 3), 22, 1.)
first_loss, first_grads = f_outputs([start])
evaluator = Evaluator()
x, min_val, info = fmin_l_bfgs_b(evaluator.loss, start.flatten().astype('float64'),
                                 fprime=evaluator.grads, maxfun=15)

# A model on a variable alone needs no data.
pixels = K.variable(fixed((6, 4), 30))
alone = Input(tensor=pixels)
on_variable = Model(alone, Dense(2)(alone))
on_variable.set_weights([fixed(w.shape, 31 + i) for i, w in enumerate(on_variable.get_weights())])
values = on_variable.predict(None, steps=1)
on_variable.compile('sgd', 'mse')
trained = [float(on_variable.train_on_batch(None, np.zeros((6, 2)))) for _ in range(3)]
K.set_value(pixels, np.zeros((6, 4)))
after = on_variable.predict(None, steps=1)

print(json.dumps({
    'loss': float(first_loss),
    'grads': first_grads.tolist(),
    'improved': float(min_val) < 0.7 * float(first_loss),
    'shape': list(shape),
    'values': values.tolist(),
    'trained': trained,
    'after': after.tolist(),
}))
