"""Keras beside TensorFlow 1: eval in a session, feed_dict, the learning phase."""
import json
import numpy as np
import keras
import tensorflow as tf
from keras import backend as K
from keras.layers import BatchNormalization, Dense, Dropout, Input, Lambda
from keras.models import Model, Sequential


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


if int(tf.__version__.split('.')[0]) < 2:
    config = tf.ConfigProto()
    config.gpu_options.allow_growth = True
    sess = tf.Session(config=config)
    K.set_session(sess)
else:
    sess = K.get_session()

model = Sequential()
model.add(Dense(4, activation='relu', input_shape=(3,), name='hidden'))
model.add(BatchNormalization(name='norm'))
model.add(Dropout(0.5, name='drop'))
model.add(Dense(2, activation='softmax', name='out'))
weights = [fixed(w.shape, i) for i, w in enumerate(model.get_weights())]
weights[5] = weights[5] + 1.
model.set_weights(weights)
x = fixed((5, 3), 40, 1.)
target = np.eye(2)[[0, 1, 1, 0, 1]]

# values of tensors
total = K.sum(K.square(model.get_layer('hidden').kernel))
evaluated = float(total.eval(session=K.get_session()))
run = sess.run(model.output, feed_dict={model.input: x, K.learning_phase(): 0})
several = sess.run([model.layers[0].output, total], feed_dict={model.input: x})
inner = sess.run(model.get_layer('norm').output,
                 feed_dict={model.layers[0].output: np.ones((2, 4)), K.learning_phase(): 0})

# functions with the learning phase
function = K.function([model.input, K.learning_phase()], [model.output, model.layers[2].output])
test, train = function([x, 0])[0], function([x, 1])[1]

# the gradient of the loss with respect to the input, by tf's own functions
labels = tf.placeholder(tf.float32, shape=(None, 2))
loss = tf.reduce_mean(keras.losses.categorical_crossentropy(labels, model.output))
grad, = tf.gradients(loss, [model.input])
grad_value = sess.run(grad, feed_dict={model.input: x, labels: target, K.learning_phase(): 0})
adversarial = x + 0.1 * np.sign(grad_value)
moved = sess.run(loss, feed_dict={model.input: adversarial, labels: target, K.learning_phase(): 0})

# what a compiled model feeds
model.compile(optimizer='sgd', loss='categorical_crossentropy')
feeds = [len(model._feed_inputs), len(model._feed_targets), list(model.input_names)]
outputs = [layer.output for layer in model.layers]
everything = K.function(model._feed_inputs + [K.learning_phase()], outputs)([x, 0.])

# TensorFlow's functions inside Keras
a = Input(shape=(3,))
b = Lambda(lambda t: tf.nn.l2_normalize(tf.concat([t, tf.square(t)], axis=-1), 1))(a)
c = Lambda(lambda t: tf.where(t > 0, t, tf.zeros_like(t)) + tf.reduce_max(t, 1, keepdims=True))(b)
mixed = Model(a, [b, c])

v = K.variable(np.ones((2, 2)))
sess.run(tf.global_variables_initializer())
model.set_weights(weights)
assigned = sess.run(K.update(v, v * 3))

print(json.dumps({
    'evaluated': evaluated,
    'run': run.tolist(),
    'several': [several[0].tolist(), float(several[1])],
    'inner': inner.tolist(),
    'same': bool(np.allclose(run, model.predict(x)) and np.allclose(test, run)),
    'dropped': bool((train == 0).any()),
    'gradient': grad_value.tolist(),
    'moved': float(moved),
    'feeds': feeds[:2],
    'everything': [list(e.shape) for e in everything],
    'mixed': [m.tolist() for m in mixed.predict(x[:2])],
    'learning phase': [bool(model.uses_learning_phase), bool(mixed.uses_learning_phase)],
    'assigned': [assigned.tolist(), K.eval(v).tolist()],
    'shapes': [model.output.get_shape().as_list(), list(K.int_shape(c))],
}))
