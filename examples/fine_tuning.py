'''Fine-tunes a network that was trained on ImageNet, on a few pictures of one's own.

The pictures are in folders, one for each class:

    data/train/cats/cat001.jpg ...         data/train/dogs/dog001.jpg ...
    data/validation/cats/cat001.jpg ...    data/validation/dogs/dog001.jpg ...

1. VGG16 looks at each picture once; new layers learn from what it saw ("bottleneck features").
2. They are put on top of VGG16, and are trained on together with its last block, in small steps, on
   pictures that are changed at random.
'''
import argparse
import tempfile

import numpy as np

from keras.applications.vgg16 import VGG16, preprocess_input
from keras.layers import BatchNormalization, Dense, Dropout, GlobalAveragePooling2D
from keras.models import Model, Sequential
from keras.optimizers import SGD
from keras.preprocessing.image import ImageDataGenerator

parser = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument('--data', default='data', help='folder with train and validation')
parser.add_argument('--offline', action='store_true',
                    help='drawn pictures, and a VGG16 that has learned nothing yet')
parser.add_argument('--epochs', type=int, default=None,
                    help='of fine-tuning: 10, or 1 of drawn pictures')
args = parser.parse_args()

np.random.seed(1337)  # for reproducibility
size = (32, 32) if args.offline else (150, 150)
batch_size = 16
data = args.data
if args.offline:
    from offline_data import write_pictures
    data = tempfile.mkdtemp()
    write_pictures(data)


def flow(part, datagen, shuffle):
    return datagen.flow_from_directory(data + '/' + part, target_size=size,
                                       batch_size=batch_size, class_mode='binary',
                                       shuffle=shuffle)


plain = ImageDataGenerator(preprocessing_function=preprocess_input)
changed = ImageDataGenerator(preprocessing_function=preprocess_input,
                             width_shift_range=0.1,
                             height_shift_range=0.1,
                             zoom_range=0.1,
                             horizontal_flip=True)

base_model = VGG16(weights=None if args.offline else 'imagenet',
                   include_top=False,
                   input_shape=size + (3,))

# The features come in the order of the files, and so do the classes: nothing is shuffled
train, validation = flow('train', plain, shuffle=False), flow('validation', plain, shuffle=False)
print('Classes:', train.class_indices)
train_features = base_model.predict_generator(train)
validation_features = base_model.predict_generator(validation)
print('Features:', train_features.shape)

top_model = Sequential()
top_model.add(GlobalAveragePooling2D(input_shape=base_model.output_shape[1:]))
top_model.add(BatchNormalization(momentum=0.8))
top_model.add(Dense(64, activation='relu'))
top_model.add(Dropout(0.5))
top_model.add(Dense(1, activation='sigmoid'))
top_model.compile(optimizer='adam', loss='binary_crossentropy', metrics=['accuracy'])
top_model.fit(train_features, train.classes,
              batch_size=batch_size, epochs=30, verbose=0,
              validation_data=(validation_features, validation.classes))
print('With frozen features: %.4f'
      % top_model.evaluate(validation_features, validation.classes, verbose=0)[1])

# Had the new layers not been trained first, their large gradients would spoil what VGG16 knows
for layer in base_model.layers:
    layer.trainable = layer.name.startswith('block5')
model = Model(inputs=base_model.input, outputs=top_model(base_model.output))
model.compile(optimizer=SGD(lr=0.0001, momentum=0.9),
              loss='binary_crossentropy',
              metrics=['accuracy'])
print('Weights to train: %d' % len(model.trainable_weights))
model.fit_generator(flow('train', changed, shuffle=True),
                    epochs=args.epochs or (1 if args.offline else 10),
                    verbose=2)
print('Validation accuracy: %.4f' % model.evaluate_generator(validation)[1])
