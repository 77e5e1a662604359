'''Predicts the price of houses; few samples, so that cross-validation must say how well.

The 404 towns are cut into k parts. Each part judges a network that was trained on the others, and
the curves of the k networks together say for how many epochs to train the final one.
'''
import argparse

import numpy as np

from keras.layers import Dense
from keras.models import Sequential

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument('--offline', action='store_true', help='made-up towns, and no download')
parser.add_argument('--epochs', type=int, default=100)
args = parser.parse_args()

if args.offline:
    from offline_data import boston_housing
else:
    from keras.datasets import boston_housing

np.random.seed(1337)  # for reproducibility
k = 4

(train_data, train_targets), (test_data, test_targets) = boston_housing.load_data()
print('train_data shape:', train_data.shape)

# Features of all sizes learn badly. Mean and deviation are those of the training data.
mean = train_data.mean(axis=0)
std = train_data.std(axis=0)
train_data = (train_data - mean) / std
test_data = (test_data - mean) / std


def build_model():
    model = Sequential()
    model.add(Dense(64, activation='relu', input_shape=(train_data.shape[1],)))
    model.add(Dense(64, activation='relu'))
    model.add(Dense(1))
    model.compile(optimizer='rmsprop', loss='mse', metrics=['mae'])
    return model


num_val_samples = len(train_data) // k
all_mae = []
for i in range(k):
    validation = slice(i * num_val_samples, (i + 1) * num_val_samples)
    val_data, val_targets = train_data[validation], train_targets[validation]
    partial_data = np.delete(train_data, np.r_[validation], axis=0)
    partial_targets = np.delete(train_targets, np.r_[validation], axis=0)

    model = build_model()
    history = model.fit(partial_data, partial_targets,
                        validation_data=(val_data, val_targets),
                        epochs=args.epochs, batch_size=8, verbose=0)
    all_mae.append(history.history['val_mae'])
    print('Fold %d: mean absolute error %.3f' % (i, all_mae[-1][-1]))

average = np.mean(all_mae, axis=0)
best = int(np.argmin(average)) + 1
print('Best after %d epochs, at %.3f' % (best, average[best - 1]))

# The final network sees all the training data
model = build_model()
model.fit(train_data, train_targets, epochs=best, batch_size=8, verbose=0)
test_mse, test_mae = model.evaluate(test_data, test_targets, verbose=0)
print('Test mean absolute error, in thousands of dollars: %.3f' % test_mae)
