"""tf.keras as TensorFlow 1 had it: K.function, models cut in the middle, a tokenizer."""
import json
import numpy as np
import tensorflow as tf
from tensorflow.keras import backend as K
from tensorflow.keras.layers import Dense, Input, Lambda, Embedding, Dot, Flatten, Add
from tensorflow.keras.models import Model, Sequential
from tensorflow.keras.preprocessing.sequence import pad_sequences
from tensorflow.keras.preprocessing.text import Tokenizer


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model):
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
    return model


def pinball(tau):
    def loss(y_true, y_pred):
        err = y_true - y_pred
        return K.mean(K.maximum(tau * err, (tau - 1) * err), axis=-1)
    return loss


# recommender: embeddings, a dot product, biases
user, item = Input(shape=(1,)), Input(shape=(1,))
u = Flatten()(Embedding(5, 3, embeddings_regularizer=tf.keras.regularizers.l2(1e-3))(user))
i = Flatten()(Embedding(6, 3)(item))
score = Dot(axes=1)([u, i])
score = Add()([score, Flatten()(Embedding(5, 1)(user)), Flatten()(Embedding(6, 1)(item))])
score = Lambda(lambda x: x * 4. + 1., name='scale')(K.sigmoid(score))
factors = fill(Model(inputs=[user, item], outputs=score))
factors.compile(loss='mean_squared_error', optimizer=tf.keras.optimizers.SGD(learning_rate=.1))
users, items = np.array([0, 1, 4, 2]), np.array([5, 1, 0, 2])
rated = factors.fit([users, items], np.array([5., 3., 1., 4.]), epochs=3, batch_size=2,
                    shuffle=False, verbose=0)

model = fill(Sequential([Dense(4, activation=tf.nn.tanh, input_dim=3), Dense(1)]))
model.compile(loss=pinball(.9), optimizer='sgd')
x, y = fixed((8, 3), 40, 1.), fixed((8, 1), 41, 1.)
quantile = model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
middle = K.function([model.layers[0].input], [model.layers[0].output])([x])[0]
truncated = Model(inputs=model.input, outputs=model.get_layer(index=0).output).predict(x)

tokenizer = Tokenizer(num_words=10, oov_token='<OOV>')
tokenizer.fit_on_texts(['I love my dog', 'I love my cat', 'You love my dog!'])
padded = pad_sequences(tokenizer.texts_to_sequences(['my dog loves my manatee']), maxlen=6,
                       padding='post', truncating='post')

print(json.dumps({
    'rated': rated.history['loss'],
    'scores': factors.predict([users, items]).ravel().tolist(),
    'quantile': quantile.history['loss'],
    'middle': bool(np.allclose(middle, truncated, atol=1e-6)),
    'truncated': truncated[:2].tolist(),
    'padded': padded.tolist(),
    'words': tokenizer.word_index,
    'lr': float(K.get_value(factors.optimizer.lr)),
    'one hot': tf.keras.utils.to_categorical([1, 0], 2).tolist(),
}))
