'''The autoencoders of the Keras blog: sparse, deep, convolutional and denoising.'''
import json
import numpy as np
from keras import regularizers
from keras.callbacks import TensorBoard
from keras.layers import Input, Dense, Convolution2D, MaxPooling2D, UpSampling2D, LSTM
from keras.layers import RepeatVector
from keras.models import Model


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model):
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])


x_train = fixed((16, 4, 4), 100) + .5
x_train = x_train.reshape((len(x_train), np.prod(x_train.shape[1:])))

# sparse
encoding_dim = 3
input_img = Input(shape=(16,))
encoded = Dense(encoding_dim, activation='relu',
                activity_regularizer=regularizers.activity_l1(10e-3))(input_img)
decoded = Dense(16, activation='sigmoid')(encoded)
autoencoder = Model(input=input_img, output=decoded)
encoder = Model(input=input_img, output=encoded)
encoded_input = Input(shape=(encoding_dim,))
decoder_layer = autoencoder.layers[-1]
decoder = Model(input=encoded_input, output=decoder_layer(encoded_input))
fill(autoencoder)
autoencoder.compile(optimizer='sgd', loss='binary_crossentropy')
sparse = autoencoder.fit(x_train, x_train, nb_epoch=2, batch_size=8, shuffle=False, verbose=0,
                         validation_data=(x_train[:8], x_train[:8]))
encoded_imgs = encoder.predict(x_train)
decoded_imgs = decoder.predict(encoded_imgs)

# deep: the decoder is put together from the last layers
encoded = Dense(6, activation='relu')(input_img)
encoded = Dense(3, activation='relu')(encoded)
decoded = Dense(6, activation='relu')(encoded)
decoded = Dense(16, activation='sigmoid')(decoded)
deep = Model(input=input_img, output=decoded)
top = deep.layers[-2](encoded_input)
top = deep.layers[-1](top)
deep_decoder = Model(input=encoded_input, output=top)
fill(deep)

# convolutional, denoising: at this point the representation is (2, 2, 3)
img = Input(shape=(8, 8, 1))
x = Convolution2D(4, 3, 3, activation='relu', border_mode='same')(img)
x = MaxPooling2D((2, 2), border_mode='same')(x)
x = Convolution2D(3, 3, 3, activation='relu', border_mode='same')(x)
encoded = MaxPooling2D((2, 2), border_mode='same')(x)
x = Convolution2D(3, 3, 3, activation='relu', border_mode='same')(encoded)
x = UpSampling2D((2, 2))(x)
x = Convolution2D(4, 3, 3, activation='relu', border_mode='same')(x)
x = UpSampling2D((2, 2))(x)
denoised = Convolution2D(1, 3, 3, activation='sigmoid', border_mode='same')(x)
denoiser = Model(img, denoised)
fill(denoiser)
denoiser.compile(optimizer='sgd', loss='binary_crossentropy')
clean = fixed((6, 8, 8, 1), 200) + .5
noisy = np.clip(clean + 0.5 * np.random.RandomState(1).normal(size=clean.shape), 0., 1.)
noise_loss = denoiser.fit(noisy, clean, nb_epoch=2, batch_size=3, shuffle=False, verbose=0)

# sequence to sequence
inputs = Input(shape=(5, 2))
encoded = LSTM(3, consume_less='gpu', inner_activation='hard_sigmoid')(inputs)
decoded = RepeatVector(5)(encoded)
decoded = LSTM(2, return_sequences=True, consume_less='gpu',
               inner_activation='hard_sigmoid')(decoded)
sequence_autoencoder = Model(inputs, decoded)
fill(sequence_autoencoder)

print(json.dumps({
    'loss': sparse.history['loss'],
    'val_loss': sparse.history['val_loss'],
    'encoded': encoded_imgs[:4].tolist(),
    'decoded': decoded_imgs[:2].tolist(),
    'same': bool(np.allclose(decoded_imgs, autoencoder.predict(x_train), atol=1e-6)),
    'deep': deep_decoder.predict(encoded_imgs[:2]).tolist(),
    'denoised': noise_loss.history['loss'],
    'image': denoiser.predict(noisy)[0, :, 3, 0].tolist(),
    'sequence': sequence_autoencoder.predict(fixed((1, 5, 2), 5, 1.)).tolist(),
    'shapes': [list(m.output_shape[1:]) for m in (encoder, decoder, deep_decoder)],
}, default=int))
