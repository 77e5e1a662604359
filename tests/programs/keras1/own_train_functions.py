'''Training without fit: K.function and get_updates(params, constraints, loss) of Keras 1.'''
from __future__ import print_function
import json
import numpy as np
from keras import backend as K
from keras import objectives, optimizers
from keras.constraints import maxnorm, nonneg
from keras.layers import Input, Dense, Dropout
from keras.models import Model, Sequential
from keras.optimizers import SGD
from keras.utils.generic_utils import Progbar


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model):
    model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])


X, Y = fixed((12, 4), 50, 1.), fixed((12, 2), 51, 1.)

# 1. a policy network in the manner of early reinforcement learning code
states = Input(shape=(4,))
model = Model(input=states, output=Dense(2, activation='softmax', W_constraint=maxnorm(.6))(states))
fill(model)
action_onehot, reward = K.placeholder(shape=(None, 2)), K.placeholder(shape=(None,))
log_action_prob = K.log(K.sum(model.output * action_onehot, axis=1))
loss = K.mean(-log_action_prob * reward)
params, constraints = model.trainable_weights, model.constraints
updates = SGD(lr=0.5).get_updates(params, constraints, loss)
train_fn = K.function([model.input, action_onehot, reward], [loss], updates=updates)
policy = [float(np.mean(train_fn([X, np.eye(2)[np.arange(12) % 2], Y[:, 0]])[0])) for i in range(4)]
norms = np.sqrt((model.get_weights()[0] ** 2).sum(axis=0))

# 2. a class that keeps its own functions and its own loop with a progress bar
class Trainer(object):
    def __init__(self, model, optimizer, loss):
        self.model = model
        self.optimizer = optimizers.get(optimizer)
        self.loss = objectives.get(loss)

    def compile(self):
        self.model.build()
        y_pred = self.model.outputs[0]
        y_true = K.placeholder(ndim=K.ndim(y_pred))
        total = K.mean(self.loss(y_true, y_pred))
        for penalty in self.model.losses:
            total += penalty
        updates = self.optimizer.get_updates(self.model.trainable_weights, self.model.constraints,
                                             total)
        updates += self.model.updates
        inputs = self.model.inputs + [y_true]
        if self.model.uses_learning_phase:
            inputs += [K.learning_phase()]
        self._train = K.function(inputs, [total], updates=updates)
        self._test = K.function(inputs, [total])

    def fit(self, X, Y, batch_size, nb_epoch):
        history = []
        for epoch in range(nb_epoch):
            progbar = Progbar(len(X), verbose=2)
            for i in range(0, len(X), batch_size):
                batch = [X[i:i + batch_size], Y[i:i + batch_size]]
                if self.model.uses_learning_phase:
                    batch += [1.]
                loss = self._train(batch)[0]
                progbar.add(len(batch[0]), values=[('train loss', float(loss))])
                history.append(float(loss))
        return history


net = Sequential([Dense(5, input_dim=4, activation='tanh'), Dropout(0.), Dense(2)])
fill(net)
trainer = Trainer(net, SGD(lr=.1, momentum=.9), 'mse')
trainer.compile()
own = trainer.fit(X, Y, batch_size=4, nb_epoch=2)

# the same by fit
same = Sequential([Dense(5, input_dim=4, activation='tanh'), Dropout(0.), Dense(2)])
fill(same)
same.compile(SGD(lr=.1, momentum=.9), 'mse')
by_batch = [float(same.train_on_batch(X[i:i + 4], Y[i:i + 4])) for i in (0, 4, 8, 0, 4, 8)]

print()
print(json.dumps({
    'policy': policy,
    'norms': norms.tolist(),
    'own': own,
    'by batch': by_batch,
    'weights': [w.tolist() for w in net.get_weights()[2:]],
    'learning phase': bool(net.uses_learning_phase),
    'constraints': len(constraints),
}))
