'''merge(...) of tensors in the functional API: dot_axes, cos, functions; shared layers.'''
import json
import numpy as np
from keras import backend as K
from keras.layers import Input, Dense, LSTM, Lambda, Permute, RepeatVector, Flatten, Activation
from keras.layers import merge, Embedding, TimeDistributed
from keras.models import Model


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model):
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])


def euclidean_distance(vects):
    x, y = vects
    return K.sqrt(K.maximum(K.sum(K.square(x - y), axis=1, keepdims=True), K.epsilon()))


def eucl_dist_output_shape(shapes):
    shape1, shape2 = shapes
    return (shape1[0], 1)


def contrastive_loss(y_true, y_pred):
    margin = 1
    return K.mean(y_true * K.square(y_pred) +
                  (1 - y_true) * K.square(K.maximum(margin - y_pred, 0)))


# two sentences, encoded by one network
a = Input(shape=(4, 3), name='a')
b = Input(shape=(4, 3), name='b')
encode = LSTM(4, consume_less='gpu', inner_activation='hard_sigmoid', name='shared_lstm')
vec_a, vec_b = encode(a), encode(b)

distance = merge([vec_a, vec_b], mode=euclidean_distance, output_shape=eucl_dist_output_shape)
siamese = Model(input=[a, b], output=distance)
fill(siamese)
siamese.compile(loss=contrastive_loss, optimizer='sgd')
xa, xb = fixed((6, 4, 3), 50, 1.), fixed((6, 4, 3), 51, 1.)
same = np.array([1., 0, 1, 0, 0, 1])
siamese_loss = siamese.fit([xa, xb], same, nb_epoch=3, batch_size=3, shuffle=False,
                           verbose=0).history['loss']

similarity = merge([vec_a, vec_b], mode='cos', dot_axes=1)
similarity = Lambda(lambda t: K.reshape(t, (-1, 1)), output_shape=(1,))(similarity)
product = merge([vec_a, vec_b], mode='dot', dot_axes=(1, 1))
cosine = Model(input=[a, b], output=[similarity, product])
cos, dot = cosine.predict([xa, xb])

# attention: which steps of `a` answer `b`
states_a = LSTM(4, return_sequences=True, consume_less='gpu', inner_activation='hard_sigmoid')(a)
states_b = LSTM(4, return_sequences=True, consume_less='gpu', inner_activation='hard_sigmoid')(b)
scores = merge([states_a, states_b], mode='dot', dot_axes=[2, 2])
weights = Activation('softmax')(scores)
context = merge([weights, states_b], mode='dot', dot_axes=[2, 1])
joined = merge([states_a, context], mode='concat', concat_axis=-1)
attended = Model(input=[a, b], output=TimeDistributed(Dense(2))(joined))
fill(attended)
attended.compile(optimizer='sgd', loss='mse')
steps = fixed((6, 4, 2), 60, 1.)
attended_loss = [float(attended.train_on_batch([xa, xb], steps)) for i in range(3)]

# one attention value a step, spread over the features
alpha = Flatten()(TimeDistributed(Dense(1, activation='tanh'))(states_a))
alpha = Activation('softmax')(alpha)
alpha = Permute([2, 1])(RepeatVector(4)(alpha))
pooled = merge([states_a, alpha], mode='mul')
pooled = Lambda(lambda xin: K.sum(xin, axis=-2), output_shape=(4,))(pooled)
single = Model(input=a, output=Dense(1)(pooled))
fill(single)

print(json.dumps({
    'siamese': siamese_loss,
    'cos': cos.ravel().tolist(),
    'dot': dot.ravel().tolist(),
    'attended': attended_loss,
    'predicted': attended.predict([xa, xb])[0].tolist(),
    'single': single.predict(xa).ravel().tolist(),
    'shapes': [list(K.int_shape(t)) for t in (distance, pooled, vec_a)],
    'nodes': len(encode.inbound_nodes),
    'weights': [list(w.shape) for w in attended.get_weights()],
}))
