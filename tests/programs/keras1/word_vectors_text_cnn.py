'''GloVe vectors in a frozen Embedding, then a text CNN after Kim with a branch for each width.'''
from __future__ import print_function
import io
import json
import numpy as np
from keras import backend as K
from keras.preprocessing.text import Tokenizer
from keras.preprocessing.sequence import pad_sequences
from keras.utils.np_utils import to_categorical
from keras.layers import Dense, Input, Flatten, Dropout, Activation, Lambda
from keras.layers import Conv1D, Convolution1D, MaxPooling1D, GlobalMaxPooling1D, Embedding, Merge
from keras.models import Model, Sequential

MAX_SEQUENCE_LENGTH, MAX_NB_WORDS, EMBEDDING_DIM, VALIDATION_SPLIT = 12, 30, 4, 0.25
GLOVE = u'''the 0.1 0.2 -0.3 0.4
good 0.9 0.8 0.1 -0.2
bad -0.9 -0.7 0.2 0.1
film 0.3 -0.1 0.5 0.5
'''
texts = ['The film, it was GOOD; good!', 'a bad film - the worst', 'good good acting',
         'bad, bad plot', 'the film was the film', 'nothing good about it', 'not bad at all',
         'what a bad one']
labels = [1, 0, 1, 0, 1, 0, 1, 0]


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


embeddings_index = {}
for line in io.StringIO(GLOVE):
    values = line.split()
    embeddings_index[values[0]] = np.asarray(values[1:], dtype='float32')

tokenizer = Tokenizer(nb_words=MAX_NB_WORDS)
tokenizer.fit_on_texts(texts)
sequences = tokenizer.texts_to_sequences(texts)
word_index = tokenizer.word_index
data = pad_sequences(sequences, maxlen=MAX_SEQUENCE_LENGTH)
labels = to_categorical(np.asarray(labels))
nb_validation_samples = int(VALIDATION_SPLIT * data.shape[0])
x_train, y_train = data[:-nb_validation_samples], labels[:-nb_validation_samples]
x_val, y_val = data[-nb_validation_samples:], labels[-nb_validation_samples:]

nb_words = min(MAX_NB_WORDS, len(word_index))
embedding_matrix = np.zeros((nb_words + 1, EMBEDDING_DIM))
for word, i in word_index.items():
    if i > MAX_NB_WORDS:
        continue
    embedding_vector = embeddings_index.get(word)
    if embedding_vector is not None:
        embedding_matrix[i] = embedding_vector

embedding_layer = Embedding(nb_words + 1, EMBEDDING_DIM, weights=[embedding_matrix],
                            input_length=MAX_SEQUENCE_LENGTH, trainable=False)
sequence_input = Input(shape=(MAX_SEQUENCE_LENGTH,), dtype='int32')
embedded_sequences = embedding_layer(sequence_input)
x = Conv1D(5, 3, activation='relu')(embedded_sequences)
x = MaxPooling1D(2)(x)
x = Conv1D(5, 2, activation='relu', border_mode='same')(x)
x = Flatten()(x)
preds = Dense(2, activation='softmax')(x)
model = Model(sequence_input, preds)
for j, layer in enumerate(model.layers[2:]):
    layer.set_weights([fixed(w.shape, 10 * j + i) for i, w in enumerate(layer.get_weights())])
model.compile(loss='categorical_crossentropy', optimizer='sgd', metrics=['acc'])
history = model.fit(x_train, y_train, validation_data=(x_val, y_val), nb_epoch=2, batch_size=3,
                    shuffle=False, verbose=0)
frozen = np.array_equal(embedding_layer.get_weights()[0], embedding_matrix.astype('float32'))


# sentence classification after Kim, one Graph of branches
def max_1d(X):
    return K.max(X, axis=1)


branches = []
for filter_length in (2, 3):
    branch = Sequential()
    branch.add(Embedding(nb_words + 1, EMBEDDING_DIM, input_length=MAX_SEQUENCE_LENGTH,
                         weights=[embedding_matrix], dropout=0.))
    branch.add(Convolution1D(nb_filter=3, filter_length=filter_length, border_mode='valid',
                             activation='relu', subsample_length=1))
    branch.add(Lambda(max_1d, output_shape=(3,)))
    branches.append(branch)
kim = Sequential()
kim.add(Merge(branches, mode='concat'))
kim.add(Dropout(0.))
kim.add(Dense(2))
kim.add(Activation('softmax'))
weights = [fixed(w.shape, 70 + i) for i, w in enumerate(kim.get_weights())]
kim.set_weights([embedding_matrix if w.shape == embedding_matrix.shape else w for w in weights])
kim.compile(loss='categorical_crossentropy', optimizer='sgd', metrics=['accuracy'])
fitted = kim.fit([x_train, x_train], y_train, batch_size=3, nb_epoch=2, shuffle=False, verbose=0,
                 validation_data=([x_val, x_val], y_val))

print(json.dumps({
    'words': word_index,
    'data': data.tolist(),
    'loss': history.history['loss'],
    'acc': history.history['acc'],
    'val_loss': history.history['val_loss'],
    'frozen': bool(frozen),
    'kim': fitted.history['loss'],
    'kim val': fitted.history['val_acc'],
    'predicted': kim.predict([x_val, x_val]).tolist(),
    'classes': kim.predict_classes([data, data], verbose=0).tolist(),
}))
