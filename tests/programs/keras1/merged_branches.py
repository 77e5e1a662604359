'''Sequential models joined by a Merge layer, in every mode it had.'''
import json
import numpy as np
from keras import backend as K
from keras.layers import Dense, Activation, Merge, Dropout, Embedding, Reshape
from keras.models import Sequential


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model):
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])


left_x, right_x = fixed((6, 5), 90, 1.), fixed((6, 4), 91, 1.)
y = fixed((6, 1), 92, 1.)


def branches():
    left_branch = Sequential()
    left_branch.add(Dense(3, input_dim=5))
    right_branch = Sequential()
    right_branch.add(Dense(3, input_dim=4, activation='tanh'))
    return left_branch, right_branch


predictions, losses = {}, {}
for mode in ['sum', 'mul', 'ave', 'max', 'concat', 'dot', 'cos']:
    left_branch, right_branch = branches()
    model = Sequential()
    if mode in ('dot', 'cos'):
        model.add(Merge([left_branch, right_branch], mode=mode, dot_axes=1))
    else:
        model.add(Merge([left_branch, right_branch], mode=mode))
    if mode == 'cos':
        model.add(Reshape((1,)))
    model.add(Dense(1))
    fill(model)
    model.compile(optimizer='sgd', loss='mean_squared_error')
    losses[mode] = [float(model.train_on_batch([left_x, right_x], y)) for i in range(3)]
    predictions[mode] = model.predict([left_x, right_x]).ravel().tolist()

# a function as the mode: the difference of two embeddings' vectors
left_branch, right_branch = branches()
diff = Sequential()
diff.add(Merge([left_branch, right_branch], mode=lambda x: x[0] - x[1],
               output_shape=lambda shapes: shapes[0]))
diff.add(Activation('tanh'))
fill(diff)
diff.compile(optimizer='sgd', loss='mse')

# branches that share one input are three Sequentials of their own, merged into a fourth
tops = [Sequential([Dense(2, input_shape=(5,))]) for i in range(3)]
final = Sequential()
final.add(Merge(tops, mode='concat', concat_axis=-1))
final.add(Dense(2, activation='softmax'))
fill(final)
final.compile('sgd', 'categorical_crossentropy', metrics=['accuracy'])
target = np.eye(2)[[0, 1, 1, 0, 1, 0]]
history = final.fit([left_x] * 3, target, nb_epoch=3, batch_size=2, shuffle=False, verbose=0)

# matrix factorization
users, items = Sequential(), Sequential()
users.add(Embedding(5, 3, input_length=1))
users.add(Reshape((3,)))
items.add(Embedding(7, 3, input_length=1))
items.add(Reshape((3,)))
factors = Sequential()
factors.add(Merge([users, items], mode='dot', dot_axes=1))
fill(factors)
factors.compile(loss='mse', optimizer='sgd')
u, i = np.array([[0], [1], [4]]), np.array([[6], [2], [2]])
fitted = factors.fit([u, i], np.ones((3, 1)), nb_epoch=3, batch_size=3, verbose=0)

print(json.dumps({
    'losses': losses,
    'predictions': predictions,
    'difference': diff.predict([left_x, right_x]).tolist(),
    'shape': list(diff.output_shape),
    'history': history.history['loss'],
    'acc': history.history['acc'],
    'factors': fitted.history['loss'],
    'inputs': [len(model.inputs), len(final.inputs)],
}))
