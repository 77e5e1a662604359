'''The bAbI memory network, and two encoders for questions: Merge with dot_axes, match and sum.'''
from __future__ import print_function
from functools import reduce
import json
import re
import numpy as np
from keras.models import Sequential
from keras.layers.embeddings import Embedding
from keras.layers import Activation, Dense, Merge, Permute, Dropout, RepeatVector
from keras.layers import LSTM, recurrent
from keras.preprocessing.sequence import pad_sequences

RNN = recurrent.GRU
STORIES = [
    ('Mary moved to the bathroom. John went to the hallway.', 'Where is Mary?', 'bathroom'),
    ('Daniel went back to the hallway. Sandra moved to the garden.', 'Where is Daniel?', 'hallway'),
    ('John went to the garden. Mary moved to the garden.', 'Where is John?', 'garden'),
    ('Sandra went to the bathroom. Sandra moved to the hallway.', 'Where is Sandra?', 'hallway'),
]


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model):
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])


def tokenize(sent):
    return [x.strip() for x in re.findall(r"\w+|[^\w\s]", sent) if x.strip()]


train_stories = [(tokenize(s), tokenize(q), a) for s, q, a in STORIES]
vocab = sorted(reduce(lambda x, y: x | y, (set(s + q + [a]) for s, q, a in train_stories)))
vocab_size = len(vocab) + 1
story_maxlen = max(map(len, (x for x, _, _ in train_stories)))
query_maxlen = max(map(len, (x for _, x, _ in train_stories)))
word_idx = dict((c, i + 1) for i, c in enumerate(vocab))
X = pad_sequences([[word_idx[w] for w in s] for s, q, a in train_stories], maxlen=story_maxlen)
Xq = pad_sequences([[word_idx[w] for w in q] for s, q, a in train_stories], maxlen=query_maxlen)
Y = np.zeros((len(train_stories), vocab_size))
for i, (_, _, a) in enumerate(train_stories):
    Y[i, word_idx[a]] = 1

input_encoder_m = Sequential()
input_encoder_m.add(Embedding(input_dim=vocab_size, output_dim=6, input_length=story_maxlen))
input_encoder_m.add(Dropout(0.))
question_encoder = Sequential()
question_encoder.add(Embedding(input_dim=vocab_size, output_dim=6, input_length=query_maxlen))
match = Sequential()
match.add(Merge([input_encoder_m, question_encoder], mode='dot', dot_axes=[2, 2]))
match.add(Activation('softmax'))
input_encoder_c = Sequential()
input_encoder_c.add(Embedding(input_dim=vocab_size, output_dim=query_maxlen,
                              input_length=story_maxlen))
response = Sequential()
response.add(Merge([match, input_encoder_c], mode='sum'))
response.add(Permute((2, 1)))
answer = Sequential()
answer.add(Merge([response, question_encoder], mode='concat', concat_axis=-1))
answer.add(LSTM(5, consume_less='gpu', inner_activation='hard_sigmoid'))
answer.add(Dense(vocab_size))
answer.add(Activation('softmax'))
fill(answer)
answer.compile(optimizer='sgd', loss='categorical_crossentropy', metrics=['accuracy'])
# inputs: the story, the question, the story once more
history = answer.fit([X, Xq, X], Y, batch_size=2, nb_epoch=3, shuffle=False, verbose=0)

# two encoders whose states are summed
sentrnn = Sequential()
sentrnn.add(Embedding(vocab_size, 6, input_length=story_maxlen))
qrnn = Sequential()
qrnn.add(Embedding(vocab_size, 6, input_length=query_maxlen))
qrnn.add(RNN(6, return_sequences=False, consume_less='gpu', inner_activation='hard_sigmoid'))
qrnn.add(RepeatVector(story_maxlen))
model = Sequential()
model.add(Merge([sentrnn, qrnn], mode='sum'))
model.add(RNN(6, return_sequences=False, consume_less='gpu', inner_activation='hard_sigmoid'))
model.add(Dense(vocab_size, activation='softmax'))
fill(model)
model.compile(optimizer='sgd', loss='categorical_crossentropy', metrics=['accuracy'])
fitted = model.fit([X, Xq], Y, batch_size=2, nb_epoch=2, shuffle=False, verbose=0)
loss, acc = model.evaluate([X, Xq], Y, batch_size=2, verbose=0)

print(json.dumps({
    'vocab': vocab,
    'loss': history.history['loss'],
    'answers': answer.predict([X, Xq, X]).max(axis=1).tolist(),
    'inputs': len(answer.inputs),
    'fitted': fitted.history['loss'],
    'score': [float(loss), float(acc)],
}))
