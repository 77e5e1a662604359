"""A face embedding by triplet loss: shared network, unit vectors, K.switch, hard examples."""
import json
import numpy as np
from keras import backend as K
from keras.layers import Input, Lambda, Dense, Conv2D, Flatten, Layer, ZeroPadding2D
from keras.layers.merge import Concatenate, concatenate, add, dot
from keras.models import Model, Sequential
from keras.optimizers import SGD

alpha, EMBEDDING = 0.2, 4


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def triplet_loss(y_true, y_pred):
    anchor, positive, negative = (y_pred[:, :EMBEDDING], y_pred[:, EMBEDDING:2 * EMBEDDING],
                                  y_pred[:, 2 * EMBEDDING:])
    pos_dist = K.sum(K.square(anchor - positive), axis=1)
    neg_dist = K.sum(K.square(anchor - negative), axis=1)
    basic_loss = pos_dist - neg_dist + alpha
    return K.maximum(basic_loss, 0.)


def huber(y_true, y_pred):
    error = K.abs(y_true - y_pred)
    return K.mean(K.switch(error > .3, .3 * (error - .15), .5 * K.square(error)), axis=-1)


class TripletLossLayer(Layer):
    def __init__(self, alpha, **kwargs):
        self.alpha = alpha
        super(TripletLossLayer, self).__init__(**kwargs)

    def call(self, inputs):
        anchor, positive, negative = inputs
        p_dist = K.sum(K.square(anchor - positive), axis=-1)
        n_dist = K.sum(K.square(anchor - negative), axis=-1)
        loss = K.sum(K.maximum(p_dist - n_dist + self.alpha, 0), axis=0)
        self.add_loss(loss)
        return loss


def create_base():
    base = Sequential(name='base')
    base.add(ZeroPadding2D((1, 1), input_shape=(6, 6, 1)))
    base.add(Conv2D(3, 3, activation='relu'))
    base.add(Flatten())
    base.add(Dense(EMBEDDING))
    base.add(Lambda(lambda x: K.l2_normalize(x, axis=1), name='norm_layer'))
    return base


def fill(model):
    model.set_weights([fixed(w.shape, i, .3) for i, w in enumerate(model.get_weights())])


base_network = create_base()
fill(base_network)
in_a, in_p, in_n = [Input(shape=(6, 6, 1), name=n) for n in ('anchor', 'positive', 'negative')]
vectors = [base_network(i) for i in (in_a, in_p, in_n)]
faces = [fixed((6, 6, 6, 1), 60 + i, 1.) for i in range(3)]
faces[1] = faces[0] + .3 * faces[1]

# 1. the three embeddings side by side, and a loss that takes them apart
merged = concatenate(vectors, axis=-1, name='merged_layer')
model = Model(inputs=[in_a, in_p, in_n], outputs=merged)
model.compile(optimizer=SGD(.1), loss=triplet_loss)
first = [float(model.train_on_batch(faces, np.zeros((6, 1)))) for i in range(4)]

# 2. a layer that adds the loss, and a model without any other
loss_layer = TripletLossLayer(alpha=.5, name='triplet_loss_layer')(vectors)
added = Model([in_a, in_p, in_n], loss_layer)
added.compile(loss=None, optimizer=SGD(.01))
second = [float(added.train_on_batch(faces, None)) for i in range(3)]
by_fit = added.fit(faces, None, batch_size=3, epochs=2, shuffle=False, verbose=0).history['loss']

# 3. similarity as an output
similar = dot(vectors[:2], axes=-1, normalize=True)
both = add([similar, dot([vectors[0], vectors[2]], axes=1)])
pairs = Model([in_a, in_p, in_n], [similar, both])
pairs.compile(loss=huber, optimizer='sgd', loss_weights=[1., .5])
third = [float(v) for v in pairs.test_on_batch(faces, [np.ones((6, 1)), np.zeros((6, 1))])]

embeddings = base_network.predict(faces[0])
print(json.dumps({
    'first': first,
    'second': second,
    'by fit': by_fit,
    'third': third,
    'embeddings': embeddings.tolist(),
    'norms': np.linalg.norm(embeddings, axis=1).tolist(),
    'shapes': [K.int_shape(merged), K.int_shape(similar)],
    'hard': K.eval(K.argmax(K.constant(embeddings @ embeddings.T - 2 * np.eye(6)), 1)).tolist(),
}))
