"""U-Net with skips by concatenation, a Dice loss, images and masks from generators at one seed."""
import json
import numpy as np
from keras import backend as K
from keras.callbacks import ModelCheckpoint
from keras.layers import Input, concatenate, Conv2D, MaxPooling2D, Conv2DTranspose, UpSampling2D
from keras.models import Model
from keras.optimizers import Adam, SGD
from keras.preprocessing.image import ImageDataGenerator

K.set_image_data_format('channels_last')  # TF dimension ordering in this code
img_rows = img_cols = 16
smooth = 1.


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def dice_coef(y_true, y_pred):
    y_true_f = K.flatten(y_true)
    y_pred_f = K.flatten(y_pred)
    intersection = K.sum(y_true_f * y_pred_f)
    return (2. * intersection + smooth) / (K.sum(y_true_f) + K.sum(y_pred_f) + smooth)


def dice_coef_loss(y_true, y_pred):
    return -dice_coef(y_true, y_pred)


def get_unet():
    inputs = Input((img_rows, img_cols, 1))
    conv1 = Conv2D(4, (3, 3), activation='relu', padding='same')(inputs)
    conv1 = Conv2D(4, (3, 3), activation='relu', padding='same')(conv1)
    pool1 = MaxPooling2D(pool_size=(2, 2))(conv1)
    conv2 = Conv2D(8, (3, 3), activation='relu', padding='same')(pool1)
    pool2 = MaxPooling2D(pool_size=(2, 2))(conv2)
    conv3 = Conv2D(8, (3, 3), activation='relu', padding='same')(pool2)
    up4 = concatenate([Conv2DTranspose(8, (2, 2), strides=(2, 2), padding='same')(conv3), conv2],
                      axis=3)
    conv4 = Conv2D(8, (3, 3), activation='relu', padding='same')(up4)
    up5 = concatenate([UpSampling2D(size=(2, 2))(conv4), conv1], axis=3)
    conv5 = Conv2D(4, (3, 3), activation='relu', padding='same')(up5)
    conv6 = Conv2D(1, (1, 1), activation='sigmoid')(conv5)
    return Model(inputs=[inputs], outputs=[conv6])


model = get_unet()
model.set_weights([fixed(w.shape, i, .3) for i, w in enumerate(model.get_weights())])
model.compile(optimizer=SGD(lr=.1), loss=dice_coef_loss, metrics=[dice_coef])

rows, cols = np.mgrid[:img_rows, :img_cols]
centers = 4 + 8 * (fixed((6, 2), 50) + .5)
masks = np.array([((rows - a) ** 2 + (cols - b) ** 2 < 14) for a, b in centers])[..., None]
masks = masks.astype('float32')
images = masks + fixed(masks.shape, 51, .4)
history = model.fit(images, masks, batch_size=3, epochs=2, verbose=0, shuffle=False)

# the same transformation of images and masks: one seed for both generators
data_gen_args = dict(horizontal_flip=True, vertical_flip=True, rotation_range=20.,
                     width_shift_range=0.1, zoom_range=0.1, fill_mode='nearest')
image_datagen = ImageDataGenerator(**data_gen_args)
mask_datagen = ImageDataGenerator(**data_gen_args)
seed = 1
image_datagen.fit(masks, augment=True, seed=seed)
image_generator = image_datagen.flow(masks, batch_size=3, seed=seed)
mask_generator = mask_datagen.flow(masks, batch_size=3, seed=seed)
train_generator = zip(image_generator, mask_generator)
pairs = [next(train_generator) for i in range(4)]
agree = all(np.allclose(a, b) for a, b in pairs)
changed = not any((pairs[0][0][0] == mask).all() for mask in masks)
fitted = model.fit_generator(train_generator, steps_per_epoch=2, epochs=1, verbose=0)

print(json.dumps({
    'loss': history.history['loss'],
    'dice': [float(v) for v in history.history['dice_coef']],
    'names': model.metrics_names,
    'predicted': model.layers[-1].output_shape[1:],
    'agree': bool(agree),
    'changed': bool(changed),
    'finite': bool(np.isfinite(fitted.history['loss'][0])),
    'params': model.count_params(),
}, default=int))
