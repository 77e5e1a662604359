"""A stateful network: its memory goes on from batch to batch, and is emptied between sequences."""
import json

import numpy as np

from keras.layers import GRU, LSTM, Dense, Input, TimeDistributed
from keras.models import Model, Sequential
from keras.optimizers import SGD


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model, seed):
    model.set_weights([fixed(w.shape, seed + i) for i, w in enumerate(model.get_weights())])


batch_size, tsteps, features = 2, 3, 1
series = np.sin(np.arange(25) / 3.).astype('float32')
x = np.stack([series[:12], series[6:18]])[..., None]        # two series, 12 steps
y = np.stack([series[1:13], series[7:19]])[..., None]
x_parts = [x[:, i:i + tsteps] for i in range(0, 12, tsteps)]
y_parts = [y[:, i:i + tsteps] for i in range(0, 12, tsteps)]

model = Sequential()
model.add(LSTM(4, batch_input_shape=(batch_size, tsteps, features),
               return_sequences=True, stateful=True))
model.add(GRU(3, return_sequences=True, stateful=True, reset_after=False))
model.add(TimeDistributed(Dense(1)))
fill(model, 0)
model.compile(loss='mse', optimizer=SGD(lr=0.1))

# Truncated backpropagation: chunk after chunk, the states reset by hand after each epoch.
losses = []
for epoch in range(3):
    for part, target in zip(x_parts, y_parts):
        losses.append(float(model.train_on_batch(part, target)))
    model.reset_states()

# The same through fit, the chunks one under the other, never shuffled.
for epoch in range(2):
    history = model.fit(np.concatenate(x_parts), np.concatenate(y_parts), epochs=1,
                        batch_size=batch_size, shuffle=False, verbose=0)
    losses.append(history.history['loss'][0])
    model.reset_states()
score = model.evaluate(np.concatenate(x_parts), np.concatenate(y_parts), batch_size=batch_size,
                       verbose=0)
model.reset_states()

# Chunks with memory give what the whole sequence gives at once.
chunks = np.concatenate([model.predict(part, batch_size=batch_size) for part in x_parts], axis=1)
whole = Sequential()
whole.add(LSTM(4, input_shape=(None, features), return_sequences=True))
whole.add(GRU(3, return_sequences=True, reset_after=False))
whole.add(TimeDistributed(Dense(1)))
whole.set_weights(model.get_weights())
at_once = whole.predict(x)

# One step at a time: the network continues its own output.
one = Sequential()
one.add(LSTM(4, batch_input_shape=(1, 1, features), return_sequences=True, stateful=True))
one.add(GRU(3, return_sequences=True, stateful=True, reset_after=False))
one.add(TimeDistributed(Dense(1)))
one.set_weights(model.get_weights())
for value in x[0, :, 0]:
    step = one.predict(np.reshape(value, (1, 1, 1)), batch_size=1)
continued = []
for i in range(5):
    continued.append(float(step[0, 0, 0]))
    step = one.predict(step, batch_size=1)

# States set by hand, for one layer, and emptied.
one.reset_states()
first = one.predict(x[:1, :1], batch_size=1)
one.layers[0].reset_states(states=[fixed((1, 4), 90), fixed((1, 4), 91)])
one.layers[1].reset_states(states=fixed((1, 3), 92))
given = one.predict(x[:1, :1], batch_size=1)
one.reset_states()
again = one.predict(x[:1, :1], batch_size=1)

# The functional form, with a fixed batch.
inputs = Input(batch_shape=(2, 3, 1))
lstm = LSTM(4, stateful=True)
functional = Model(inputs, lstm(inputs))
functional.set_weights(model.layers[0].get_weights())
runs = [functional.predict(x_parts[0], batch_size=2)[0].tolist() for i in range(2)]
functional.reset_states()
runs.append(functional.predict(x_parts[0], batch_size=2)[0].tolist())

try:
    model.predict(x[:1, :3], batch_size=1)
    refused = False
except Exception:
    refused = True

print(json.dumps({
    'losses': losses,
    'score': float(score),
    'chunks': chunks[:, :, 0].tolist(),
    'same': bool(np.allclose(chunks, at_once, atol=1e-5)),
    'continued': continued,
    'states': [float(value[0, 0, 0]) for value in (first, given, again)],
    'runs': runs,
    'refused': refused,
}))
