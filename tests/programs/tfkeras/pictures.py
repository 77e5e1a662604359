"""Pictures with tf.image and tf.nn: Lambdas in a model, U-Net, Grad-CAM, super-resolution."""
import json
import numpy as np
import tensorflow as tf
from tensorflow.keras.layers import (Activation, BatchNormalization, Conv2D, Conv2DTranspose, Dense,
                                     GlobalAveragePooling2D, Input, Lambda, MaxPooling2D,
                                     UpSampling2D, concatenate)
from tensorflow.keras.models import Model


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model):
    model.set_weights([fixed(w.shape, i, .3) + ('variance' in v.name) for i, (w, v) in
                       enumerate(zip(model.get_weights(), model.weights))])
    return model


def dice_loss(y_true, y_pred, smooth=1e-5):
    intersection = tf.reduce_sum(y_true * y_pred, axis=[1, 2, 3])
    union = tf.reduce_sum(y_true, axis=[1, 2, 3]) + tf.reduce_sum(y_pred, axis=[1, 2, 3])
    return 1 - tf.reduce_mean((2. * intersection + smooth) / (union + smooth))


def ssim_loss(y_true, y_pred):
    return 1 - tf.reduce_mean(tf.image.ssim(y_true, y_pred, max_val=1.0, filter_size=3))


def conv_block(tensor, filters):
    x = Conv2D(filters, 3, padding='same', use_bias=False)(tensor)
    x = BatchNormalization()(x)
    return Activation('relu')(x)


x = fixed((4, 8, 8, 3), 50) + .5
masks = (x[..., :1] > .5).astype('float32')
inputs = Input((8, 8, 3))
c1 = conv_block(inputs, 4)
c2 = conv_block(MaxPooling2D()(c1), 6)
up = Lambda(lambda t: tf.image.resize(t, (8, 8), method='bilinear'))(c2)
c3 = conv_block(concatenate([UpSampling2D()(c2), c1, up]), 4)
unet = fill(Model(inputs, Conv2D(1, 1, activation='sigmoid')(c3)))
unet.compile(tf.keras.optimizers.SGD(.1), dice_loss)
dice = [float(unet.train_on_batch(x, masks)) for i in range(3)]

low = Input((4, 4, 3))
features = Conv2D(12, 3, padding='same')(low)
sharp = Lambda(lambda t: tf.nn.depth_to_space(t, 2))(features)
upscaled = fill(Model(low, tf.clip_by_value(sharp + .5, 0., 1.)))
upscaled.compile('sgd', ssim_loss)
small = tf.image.resize(x, (4, 4), method=tf.image.ResizeMethod.NEAREST_NEIGHBOR)
sharpened = [float(upscaled.train_on_batch(small, x)) for i in range(2)]

# Grad-CAM
cls = Dense(3)(GlobalAveragePooling2D()(c3))
classifier = Model(inputs, cls)
for v in classifier.weights[-2:]:
    v.assign(fixed(v.shape, 77))
grad_model = Model([classifier.inputs], [c3, classifier.output])
with tf.GradientTape() as tape:
    conv_output, predictions = grad_model(x[:1])
    top = predictions[:, tf.argmax(predictions[0])]
grads = tape.gradient(top, conv_output)
weights = tf.reduce_mean(grads, axis=(0, 1, 2))
cam = tf.reduce_sum(tf.multiply(weights, conv_output[0]), axis=-1)
heatmap = (tf.maximum(cam, 0) / (tf.reduce_max(cam) + 1e-8)).numpy()

image = tf.constant(x[0])
flips = [tf.image.flip_left_right(image), tf.image.flip_up_down(image), tf.image.rot90(image)]
adjusted = [tf.image.adjust_brightness(image, .1), tf.image.rgb_to_grayscale(image),
            tf.image.central_crop(image, .5), tf.image.resize_with_pad(image, 10, 8),
            tf.image.per_image_standardization(image), tf.image.adjust_contrast(image, 2.)]
conv = tf.nn.conv2d(x[:1], fixed((3, 3, 3, 2), 80), strides=1, padding='SAME')
pooled = tf.nn.max_pool2d(conv, 2, 2, 'VALID')

print(json.dumps({
    'dice': dice,
    'masks': unet.predict(x)[0, :, 3, 0].tolist(),
    'sharpened': sharpened,
    'psnr': tf.image.psnr(x, upscaled(small), 1.0).numpy().tolist(),
    'heatmap': heatmap.tolist(),
    'flips': [float(f[0, 0, 0]) for f in flips],
    'adjusted': [[list(a.shape), float(tf.reduce_mean(a))] for a in adjusted],
    'pooled': pooled[0, 1].numpy().tolist(),
}))
