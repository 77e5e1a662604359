"""Subclasses in tf.keras: layers with build and get_config, blocks, a model with call."""
import json
import os
import tempfile
import numpy as np
import tensorflow as tf
from tensorflow.keras import layers, Model


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


class Linear(layers.Layer):
    def __init__(self, units=32, **kwargs):
        super(Linear, self).__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer='random_normal',
                                 trainable=True, name='w')
        self.b = self.add_weight(shape=(self.units,), initializer='zeros', trainable=True, name='b')

    def call(self, inputs):
        return tf.matmul(inputs, self.w) + self.b

    def get_config(self):
        config = super(Linear, self).get_config()
        config.update({'units': self.units})
        return config


class ActivityRegularizationLayer(layers.Layer):
    def __init__(self, rate=1e-2):
        super().__init__()
        self.rate = rate

    def call(self, inputs):
        self.add_loss(self.rate * tf.reduce_sum(tf.square(inputs)))
        return inputs


class ComputeSum(layers.Layer):
    def __init__(self, input_dim):
        super(ComputeSum, self).__init__()
        self.total = tf.Variable(initial_value=tf.zeros((input_dim,)), trainable=False)

    def call(self, inputs):
        self.total.assign_add(tf.reduce_sum(inputs, axis=0))
        return self.total


class ResidualBlock(layers.Layer):
    def __init__(self, units):
        super(ResidualBlock, self).__init__()
        self.first = Linear(units)
        self.second = Linear(units)
        self.drop = layers.Dropout(0.5)

    def call(self, inputs, training=None):
        x = tf.nn.relu(self.first(inputs))
        x = self.drop(x, training=training)
        return tf.nn.elu(inputs + self.second(x))


class MyModel(Model):
    def __init__(self, num_classes=2, **kwargs):
        super(MyModel, self).__init__(**kwargs)
        self.first = Linear(4, name='first')
        self.blocks = [ResidualBlock(4) for _ in range(2)]
        self.penalty = ActivityRegularizationLayer()
        self.classifier = layers.Dense(num_classes)

    def call(self, inputs, training=False):
        x = tf.tanh(self.first(inputs))
        for block in self.blocks:
            x = block(x, training=training)
        return self.classifier(self.penalty(x))


x, y = fixed((8, 3), 1, 1.), np.arange(8) % 2
model = MyModel()
before = model(x[:1])
model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
loss = float(tf.reduce_mean(tf.keras.losses.sparse_categorical_crossentropy(y, model(x),
                                                                            from_logits=True)))
penalty = [float(v) for v in model.losses]
model.compile(tf.keras.optimizers.SGD(.05),
              tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=['accuracy'])
evaluated = model.evaluate(x, y, batch_size=8, verbose=0)
predicted = model.predict(x)
path = os.path.join(tempfile.mkdtemp(), 'weights.h5')
model.save_weights(path)
other = MyModel()
other(x)
other.load_weights(path)
os.remove(path)

my_sum = ComputeSum(2)
first = my_sum(tf.ones((2, 2))).numpy().tolist()
second = my_sum(tf.ones((2, 2))).numpy().tolist()

inputs = tf.keras.Input(shape=(3,))
functional = Model(inputs, Linear(2, name='lin')(inputs))
restored = Model.from_config(functional.get_config(), custom_objects={'Linear': Linear})

print(json.dumps({
    'loss': loss,
    'penalty': penalty,
    'evaluated': [float(v) for v in evaluated],
    'predicted': predicted.tolist(),
    'restored': bool(np.allclose(other.predict(x), predicted)),
    'sums': [first, second],
    'weights': [len(model.weights), len(model.trainable_weights), len(my_sum.weights)],
    'names': [w.name.split('/')[-1] for w in model.first.weights],
    'config': restored.get_layer('lin').units,
    'shape': before.shape.as_list(),
}))
