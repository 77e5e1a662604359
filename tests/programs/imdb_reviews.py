'''Film reviews: decoded, padded, classified by an embedding; then own texts, by a Tokenizer.'''
from __future__ import print_function

import json

import numpy as np
from keras.datasets import imdb
from keras.models import Sequential
from keras.layers import Dense, Embedding, GlobalAveragePooling1D
from keras.preprocessing import sequence
from keras.preprocessing.sequence import pad_sequences, skipgrams, TimeseriesGenerator
from keras.preprocessing.text import Tokenizer, text_to_word_sequence

from local_data import publish, texts

x_train, y_train = texts(80, seed=2)
x_test, y_test = texts(40, seed=3)
publish(imdb, 'imdb.npz', x_train=x_train, y_train=y_train // 2, x_test=x_test,
        y_test=y_test // 2)
publish(imdb, 'imdb_word_index.json', **{'word%d' % i: i for i in range(1, 62)})

max_features = 50
maxlen = 12

(x_train, y_train), (x_test, y_test) = imdb.load_data(num_words=max_features, maxlen=20)
word_index = imdb.get_word_index()
reverse = dict((value, key) for (key, value) in word_index.items())
decoded = ' '.join([reverse.get(i - 3, '?') for i in x_train[0]])
sizes = [len(x_train), len(x_test)]

x_train = sequence.pad_sequences(x_train, maxlen=maxlen)
x_test = sequence.pad_sequences(x_test, maxlen=maxlen, padding='post', truncating='post')


def fixed(model):
    model.set_weights([np.random.RandomState(i).uniform(-0.3, 0.3, w.shape)
                       for i, w in enumerate(model.get_weights())])


def numbers(history):
    return {key: [float(v) for v in values] for key, values in history.history.items()}


model = Sequential()
model.add(Embedding(max_features, 8, input_length=maxlen))
model.add(GlobalAveragePooling1D())
model.add(Dense(1, activation='sigmoid'))
fixed(model)
model.compile(loss='binary_crossentropy', optimizer='rmsprop', metrics=['accuracy'])
history = model.fit(x_train, y_train, batch_size=16, epochs=3, verbose=0, shuffle=False,
                    validation_data=(x_test, y_test))

# Own texts.
samples = ['The cat sat on the mat.', 'The dog ate my homework!',
           "It's a dog's life: dog eats dog."]
tokenizer = Tokenizer(num_words=10, oov_token='<oov>')
tokenizer.fit_on_texts(samples)
sequences = tokenizer.texts_to_sequences(samples + ['A cat, and a mouse'])
counts = tokenizer.texts_to_matrix(samples, mode='tfidf')
couples, labels = skipgrams(sequences[0], 10, window_size=2, negative_samples=0., seed=1)

# A series, by windows.
series = np.sin(np.arange(60) / 5.)
windows = TimeseriesGenerator(series, series, length=8, batch_size=16)
forecast = Sequential([Dense(4, activation='tanh', input_shape=(8,)), Dense(1)])
fixed(forecast)
forecast.compile('sgd', 'mse')
forecast_history = forecast.fit_generator(windows, epochs=3, verbose=0, shuffle=False)

print(json.dumps({
    'decoded': decoded,
    'sizes': sizes,
    'x_train': x_train[:3].tolist(),
    'x_test': x_test[:3].tolist(),
    'history': numbers(history),
    'words': text_to_word_sequence(samples[2]),
    'word_index': tokenizer.word_index,
    'padded': pad_sequences(sequences, padding='post').tolist(),
    'tfidf': counts.tolist(),
    'couples': couples,
    'labels': labels,
    'steps': len(windows),
    'forecast': numbers(forecast_history),
    'predicted': forecast.predict_generator(windows).tolist(),
}))
