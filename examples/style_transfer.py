'''Draws the content of one picture in the style of another.

A picture is changed, step by step, until a network sees in it what it sees in the content picture,
and the textures of the style picture: the products of its features. `K.gradients` says how each
pixel changes the loss, and SciPy's L-BFGS follows it.

    hornbeam run examples/style_transfer.py content.jpg style.jpg result.png

Source: Gatys et al. 2015, A Neural Algorithm of Artistic Style, https://arxiv.org/abs/1508.06576
'''
import argparse

import numpy as np
from scipy.optimize import fmin_l_bfgs_b

from keras import backend as K
from keras.applications import vgg19
from keras.preprocessing.image import array_to_img, img_to_array, load_img

parser = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument('content', nargs='?', help='path of the picture to draw')
parser.add_argument('style', nargs='?', help='path of the picture whose style is taken')
parser.add_argument('result', nargs='?', help='path of the file to write')
parser.add_argument('--offline', action='store_true',
                    help='drawn pictures, and a VGG19 that has learned nothing')
parser.add_argument('--epochs', type=int, default=None,
                    help='times 20 looks at the picture: 10, or 1 with 14 looks of drawn ones')
args = parser.parse_args()

np.random.seed(1337)  # for reproducibility
content_weight = 0.025
style_weight = 1.0
total_variation_weight = 1.0

if args.offline:
    from offline_data import picture
    random = np.random.RandomState(5)
    content, style = picture('checks', 32, random), picture('stripes', 32, random)
else:
    width, height = load_img(args.content).size
    target_size = (400, int(width * 400 / height))
    content = img_to_array(load_img(args.content, target_size=target_size))
    style = img_to_array(load_img(args.style, target_size=target_size))
rows, cols = content.shape[:2]

# The network sees three pictures at once: content, style, and the one that is drawn
combination = K.placeholder((1, rows, cols, 3))
inputs = K.concatenate([
    K.variable(vgg19.preprocess_input(content[None])),
    K.variable(vgg19.preprocess_input(style[None])),
    combination], axis=0)
model = vgg19.VGG19(input_tensor=inputs, include_top=False,
                    weights=None if args.offline else 'imagenet')
features = dict((layer.name, layer.output) for layer in model.layers)


def gram_matrix(x):
    x = K.batch_flatten(K.permute_dimensions(x, (2, 0, 1)))  # (channels, places)
    return K.dot(x, K.transpose(x))


def style_loss(style, combination):
    scale = 4. * 3 ** 2 * (rows * cols) ** 2
    return K.sum(K.square(gram_matrix(style) - gram_matrix(combination))) / scale


def total_variation_loss(x):
    a = K.square(x[:, :-1, :-1, :] - x[:, 1:, :-1, :])
    b = K.square(x[:, :-1, :-1, :] - x[:, :-1, 1:, :])
    return K.sum(K.pow(a + b, 1.25))


seen = features['block5_conv2']
loss = content_weight * K.sum(K.square(seen[2] - seen[0]))
style_layers = ['block%d_conv1' % block for block in range(1, 6)]
for name in style_layers:
    seen = features[name]
    loss = loss + style_weight / len(style_layers) * style_loss(seen[1], seen[2])
loss = loss + total_variation_weight * 1e-4 * total_variation_loss(combination)

gradients = K.gradients(loss, combination)[0]
loss_and_gradients = K.function([combination], [loss, gradients])


def evaluate(x):
    '''L-BFGS wants a flat array, and numbers of 64 bits.'''
    loss_value, gradient_values = loss_and_gradients([x.reshape((1, rows, cols, 3))])
    return float(loss_value), gradient_values.flatten().astype('float64')


x = vgg19.preprocess_input(content[None].copy()).flatten()
first, _ = evaluate(x)
for i in range(args.epochs or (1 if args.offline else 10)):
    x, value, _ = fmin_l_bfgs_b(evaluate, x, maxfun=14 if args.offline else 20)
    print('Iteration %d: loss %.4g' % (i + 1, value))

if args.result:
    pixels = x.reshape((rows, cols, 3)) + [103.939, 116.779, 123.68]  # undo preprocess_input:
    array_to_img(np.clip(pixels[:, :, ::-1], 0, 255), scale=False).save(args.result)  # BGR
    print('Drawn in', args.result)
print('Loss in percent of that of the content picture: %.2f' % (100 * value / first))
