"""A training loop from scratch: GradientTape, tf.function, metrics, tf.data, second gradients."""
import json
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


inputs = keras.Input(shape=(5,), name='digits')
x1 = layers.Dense(6, activation='relu', kernel_regularizer='l2')(inputs)
outputs = layers.Dense(3, name='predictions')(x1)
model = keras.Model(inputs=inputs, outputs=outputs)
model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
x_train, y_train = fixed((20, 5), 50, 1.), np.arange(20) % 3
train_dataset = tf.data.Dataset.from_tensor_slices((x_train, y_train)).batch(8)
val_dataset = tf.data.Dataset.from_tensor_slices((x_train[:6], y_train[:6])).batch(4)

optimizer = keras.optimizers.SGD(learning_rate=0.1)
loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
train_acc_metric = keras.metrics.SparseCategoricalAccuracy()
val_acc_metric = keras.metrics.SparseCategoricalAccuracy()
mean_loss = tf.keras.metrics.Mean(name='train_loss')


@tf.function
def train_step(x, y):
    with tf.GradientTape() as tape:
        logits = model(x, training=True)
        loss_value = loss_fn(y, logits)
        loss_value += sum(model.losses)
    grads = tape.gradient(loss_value, model.trainable_weights)
    optimizer.apply_gradients(zip(grads, model.trainable_weights))
    train_acc_metric.update_state(y, logits)
    mean_loss(loss_value)
    return loss_value


@tf.function
def test_step(x, y):
    val_acc_metric.update_state(y, model(x, training=False))


losses, epochs, accuracies = [], [], []
for epoch in range(2):
    for step, (x_batch_train, y_batch_train) in enumerate(train_dataset):
        loss_value = train_step(x_batch_train, y_batch_train)
        losses.append(float(loss_value))
    epochs.append(float(mean_loss.result()))
    accuracies.append(float(train_acc_metric.result()))
    mean_loss.reset_states()
    train_acc_metric.reset_states()
    for x_batch_val, y_batch_val in val_dataset:
        test_step(x_batch_val, y_batch_val)
    accuracies.append(float(val_acc_metric.result()))
    val_acc_metric.reset_states()

# gradients of other things: inputs, a constant, twice
x = tf.constant([3.0, 1.0])
with tf.GradientTape() as t2:
    t2.watch(x)
    with tf.GradientTape() as t1:
        t1.watch(x)
        y = tf.reduce_sum(x * x * x)
    dy = t1.gradient(y, x)
d2y = t2.gradient(dy, x)
w = tf.Variable(fixed((3, 2), 70))
with tf.GradientTape(persistent=True) as tape:
    z = tf.matmul(fixed((2, 3), 71), w)
    a, b = tf.reduce_sum(z ** 2), tf.reduce_mean(tf.sigmoid(z))
several = [tape.gradient(a, w).numpy().tolist(), tape.gradient(b, [w])[0].numpy().tolist()]
del tape
clipped, norm = tf.clip_by_global_norm([tf.constant([3., 4.]), None, tf.constant([0.])], 1.0)

# an attack: the sign of the gradient of the loss
image = tf.convert_to_tensor(x_train[:2])
with tf.GradientTape() as tape:
    tape.watch(image)
    loss = loss_fn(y_train[:2], model(image))
signed_grad = tf.sign(tape.gradient(loss, image))

print(json.dumps({
    'losses': losses,
    'epochs': epochs,
    'accuracies': accuracies,
    'second': [dy.numpy().tolist(), d2y.numpy().tolist()],
    'several': several,
    'clipped': [clipped[0].numpy().tolist(), float(norm), clipped[1] is None],
    'signed': signed_grad.numpy().tolist(),
    'steps': int(optimizer.iterations.numpy()),
    'weights': model.get_weights()[3].tolist(),
}))
