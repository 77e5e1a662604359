"""Deep dream: gradient ascent on activations, octave by octave; and a Grad-CAM heat map."""
import json

import numpy as np
from scipy import ndimage

from keras import backend as K
from keras.layers import (Activation, BatchNormalization, Conv2D, Dense, GlobalAveragePooling2D,
                          Input, MaxPooling2D)
from keras.models import Model


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


K.set_learning_phase(0)

image_input = Input(shape=(None, None, 3))
z = Conv2D(4, (3, 3), padding='same', use_bias=False)(image_input)
z = BatchNormalization(scale=False)(z)
z = Activation('relu', name='mixed1')(z)
z = MaxPooling2D((2, 2))(z)
z = Conv2D(6, (3, 3), padding='same', activation='relu', name='mixed2')(z)
z = GlobalAveragePooling2D()(z)
z = Dense(4, activation='softmax', name='predictions')(z)
model = Model(image_input, z)
model.set_weights([np.abs(fixed(w.shape, i)) + 0.5 if 'variance' in v.name
                   else fixed(w.shape, i, 0.8)
                   for i, (w, v) in enumerate(zip(model.get_weights(),
                                                  [v for layer in model.layers
                                                   for v in layer.weights]))])
image = fixed((1, 12, 10, 3), 80, 1.)

# The loss to climb.
settings = {'features': {'mixed1': 0.2, 'mixed2': 0.5}}
dream = model.input
layer_dict = dict([(layer.name, layer) for layer in model.layers])
loss = K.variable(0.)
for layer_name in sorted(settings['features']):
    coeff = settings['features'][layer_name]
    x = layer_dict[layer_name].output
    scaling = K.prod(K.cast(K.shape(x), 'float32'))
    if K.image_data_format() == 'channels_first':
        loss = loss + coeff * K.sum(K.square(x[:, :, 2: -2, 2: -2])) / scaling
    else:
        loss = loss + coeff * K.sum(K.square(x[:, 2: -2, 2: -2, :])) / scaling
grads = K.gradients(loss, dream)[0]
grads /= K.maximum(K.mean(K.abs(grads)), K.epsilon())
fetch_loss_and_grads = K.function([dream], [loss, grads])


def eval_loss_and_grads(x):
    outs = fetch_loss_and_grads([x])
    return outs[0], outs[1]


def resize_img(img, size):
    factors = (1, float(size[0]) / img.shape[1], float(size[1]) / img.shape[2], 1)
    return ndimage.zoom(np.copy(img), factors, order=1)


losses = []


def gradient_ascent(x, iterations, step, max_loss=None):
    for i in range(iterations):
        loss_value, grad_values = eval_loss_and_grads(x)
        losses.append(float(loss_value))
        if max_loss is not None and loss_value > max_loss:
            break
        x += step * grad_values
    return x


num_octave, octave_scale = 3, 1.25
original_shape = image.shape[1:3]
successive_shapes = [original_shape]
for i in range(1, num_octave):
    successive_shapes.append(tuple(int(dim / (octave_scale ** i)) for dim in original_shape))
successive_shapes = successive_shapes[::-1]
original_img = np.copy(image)
shrunk_original_img = resize_img(image, successive_shapes[0])
img = resize_img(image, successive_shapes[0])
for shape in successive_shapes:
    img = resize_img(img, shape)
    img = gradient_ascent(img, iterations=4, step=0.02, max_loss=10.)
    upscaled_shrunk = resize_img(shrunk_original_img, shape)
    same_size_original = resize_img(original_img, shape)
    img += same_size_original - upscaled_shrunk
    shrunk_original_img = resize_img(original_img, shape)

# Grad-CAM: what in the picture speaks for a class.
predictions = model.predict(image)
class_index = int(np.argmax(predictions[0]))
conv_output = model.get_layer('mixed2').output
y_c = model.output[0, class_index]
cam_grads = K.gradients(y_c, conv_output)[0]
norm_grads = cam_grads / (K.sqrt(K.mean(K.square(cam_grads))) + K.constant(1e-5))
gradient_function = K.function([model.input, K.learning_phase()] if K.learning_phase() not in (0, 1)
                               else [model.input], [conv_output, norm_grads])
output, grads_val = gradient_function([image])
output, grads_val = output[0, :], grads_val[0, :, :, :]
weights = np.mean(grads_val, axis=(0, 1))
cam = np.maximum(np.dot(output, weights), 0)
cam = ndimage.zoom(cam, (2, 2), order=1)
cam = cam / max(cam.max(), 1e-8)

# Guided by the sign: only what speaks for the class and is active.
guided = K.gradients(K.sum(model.output[:, class_index]), model.input)[0]
positive = K.relu(guided) * K.cast(model.input > 0, 'float32')
shown = K.function([model.input], [positive])([image])[0]

print(json.dumps({
    'shapes': [list(shape) for shape in successive_shapes],
    'losses': losses,
    'dream': img.ravel().tolist(),
    'class': class_index,
    'predictions': predictions.tolist(),
    'weights': weights.tolist(),
    'cam': cam.tolist(),
    'guided': shown.sum(axis=(0, 3)).tolist(),
    'phase': int(K.learning_phase()),
}))
