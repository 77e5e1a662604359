"""What a network looks at: saliency maps, class activation, and images that excite a filter."""
import json

import numpy as np

import keras.backend as K
from keras.layers import Conv2D, Dense, Flatten, GlobalAveragePooling2D, Input, MaxPooling2D
from keras.models import Model, Sequential


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


model = Sequential()
model.add(Conv2D(4, (3, 3), activation='relu', input_shape=(8, 8, 1), name='block1'))
model.add(MaxPooling2D((2, 2)))
model.add(Conv2D(5, (2, 2), activation='relu', name='block2'))
model.add(Flatten())
model.add(Dense(3, activation='softmax', name='predictions'))
model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
image = fixed((1, 8, 8, 1), 30, 1.)


# Saliency: the gradient of the winning score with respect to the picture.
def compile_saliency_function(model):
    inp = model.layers[0].input
    outp = model.layers[-1].output
    max_outp = K.max(outp, axis=1)
    saliency = K.gradients(K.sum(max_outp), inp)[0]
    max_class = K.argmax(outp, axis=1)
    return K.function([inp, K.learning_phase()], [saliency, max_class])


saliency, winner = compile_saliency_function(model)([image, 0])

# Grad-CAM: gradients with respect to a tensor in the middle.
class_output = model.output[:, int(winner[0])]
last_conv_layer = model.get_layer('block2')
grads = K.gradients(class_output, last_conv_layer.output)[0]
pooled_grads = K.mean(grads, axis=(0, 1, 2))
iterate = K.function([model.input], [pooled_grads, last_conv_layer.output[0]])
pooled_grads_value, conv_layer_output_value = iterate([image])
for i in range(5):
    conv_layer_output_value[:, :, i] *= pooled_grads_value[i]
heatmap = np.maximum(np.mean(conv_layer_output_value, axis=-1), 0)

# An image that a filter likes: gradient ascent in input space.
layer_dict = dict([(layer.name, layer) for layer in model.layers])
layer_output = layer_dict['block2'].output
loss = K.mean(layer_output[:, :, :, 2])
grads = K.gradients(loss, model.input)[0]
grads /= (K.sqrt(K.mean(K.square(grads))) + 1e-5)
iterate = K.function([model.input], [loss, grads])
picture = 0.5 + 0.1 * image
losses = []
for i in range(8):
    loss_value, grads_value = iterate([picture])
    picture += grads_value * 0.5
    losses.append(float(loss_value))

# An adversarial example: the sign of the gradient of the loss.
target = K.placeholder(shape=(None, 3))
cost = K.categorical_crossentropy(target, model.output)
signs = K.sign(K.gradients(cost, model.input)[0])
fast = K.function([model.input, target, K.learning_phase()], [cost, signs])
goal = np.eye(3)[winner]
before, step = fast([image, goal, 0])
after = fast([image + 0.1 * step, goal, 0])[0]

# No path, no gradient.
other = Input(shape=(8, 8, 1))
nothing = K.gradients(model.output, other)

print(json.dumps({
    'saliency': saliency.tolist(),
    'winner': winner.tolist(),
    'pooled': pooled_grads_value.tolist(),
    'heatmap': heatmap.tolist(),
    'losses': losses,
    'picture': picture.tolist(),
    'adversarial': [before.tolist(), after.tolist()],
    'no_path': [item is None for item in nothing],
}))
