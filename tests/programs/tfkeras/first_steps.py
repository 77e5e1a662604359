"""The quickstart of TensorFlow 2 on small pictures: logits, loss objects, a softmax on top."""
import json
import numpy as np
import tensorflow as tf
from tensorflow import keras

print(tf.__version__)
assert tf.__version__.startswith('2')


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


x_train = (fixed((32, 6, 6), 0, 127.) + 127) / 255.0
y_train = (x_train.mean(axis=(1, 2)) * 30).astype('int64') % 3
model = tf.keras.models.Sequential([
    tf.keras.layers.Flatten(input_shape=(6, 6)),
    tf.keras.layers.Dense(8, activation='relu'),
    tf.keras.layers.Dropout(0.),
    tf.keras.layers.Dense(3)
])
model.set_weights([fixed(w.shape, i) for i, w in enumerate(model.get_weights())])
predictions = model(x_train[:1]).numpy()
probabilities = tf.nn.softmax(predictions).numpy()
loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
one = float(loss_fn(y_train[:1], predictions).numpy())

model.compile(optimizer=keras.optimizers.SGD(learning_rate=0.1, momentum=0.9), loss=loss_fn,
              metrics=['accuracy'])
history = model.fit(x_train, y_train, epochs=3, batch_size=8, shuffle=False, verbose=0,
                    validation_split=0.25)
test_loss, test_acc = model.evaluate(x_train, y_train, verbose=0)
probability_model = tf.keras.Sequential([model, tf.keras.layers.Softmax()])
top = probability_model(x_train[:5])

cnn = keras.Sequential(name='convnet')
cnn.add(keras.Input(shape=(6, 6, 1)))
cnn.add(keras.layers.Conv2D(4, 3, activation='relu', kernel_regularizer=keras.regularizers.l2(.01)))
cnn.add(keras.layers.BatchNormalization())
cnn.add(keras.layers.MaxPool2D())
cnn.add(keras.layers.GlobalAvgPool2D())
cnn.add(keras.layers.Dense(1))
cnn.set_weights([fixed(w.shape, i) + (i == 5) for i, w in enumerate(cnn.get_weights())])
cnn.compile(keras.optimizers.RMSprop(1e-2), loss='mse',
            metrics=[keras.metrics.RootMeanSquaredError()])
images = tf.expand_dims(tf.constant(x_train), -1)
second = cnn.fit(images, tf.cast(y_train, tf.float32), epochs=2, batch_size=16, shuffle=False,
                 verbose=0)

print(json.dumps({
    'predictions': predictions.tolist(),
    'probabilities': probabilities.tolist(),
    'one': one,
    'loss': history.history['loss'],
    'keys': sorted(history.history),
    'val_loss': history.history['val_loss'],
    'test': [float(test_loss), float(test_acc)],
    'top': top.numpy().tolist(),
    'classes': np.argmax(top, axis=1).tolist(),
    'second': second.history['loss'],
    'rmse': second.history['root_mean_squared_error'],
    'names': [layer.name for layer in cnn.layers],
}))
