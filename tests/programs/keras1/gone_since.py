'''What Keras 1 still explains and hornbeam must: Graph, class_weight="auto", plot, versions.'''
from __future__ import print_function
import json
import os
import tempfile
import numpy as np
import keras
from keras import backend as K
from keras.layers import Dense
from keras.models import Sequential
from keras.utils.layer_utils import print_summary
from keras.utils.generic_utils import get_from_module, Progbar
from keras.utils.np_utils import to_categorical, probas_to_classes, categorical_probas_to_classes

found = {}
try:
    from keras.models import Graph
    graph = Graph()
    graph.add_input(name='input', input_shape=(4,))
    graph.add_node(Dense(3), name='dense', input='input')
    graph.add_output(name='output', input='dense')
    found['graph'] = 'runs'
except (ImportError, NotImplementedError, AttributeError) as e:
    found['graph'] = str(e).split(' from ')[0]

model = Sequential()
model.add(Dense(3, input_dim=4, activation='softmax', name='only'))
model.compile('sgd', 'categorical_crossentropy', metrics=['accuracy'])
X, Y = np.ones((6, 4)), to_categorical(np.arange(6) % 3)
try:
    model.fit(X, Y, nb_epoch=1, class_weight='auto', verbose=0)
    found['auto'] = 'runs'
except Exception as e:
    found['auto'] = str(e)

folder = tempfile.mkdtemp()
path = os.path.join(folder, 'model.png')
try:
    from keras.utils.visualize_util import plot, model_to_dot
    plot(model, to_file=path, show_shapes=True, show_layer_names=False)
    found['plot'] = os.path.exists(path)
except (ImportError, OSError, RuntimeError) as e:
    found['plot'] = 'pydot' in str(e)

try:
    if keras.__version__.startswith('1'):
        found['version'] = 'found'
        model.fit(X, Y, nb_epoch=1, verbose=0)
    elif int(keras.__version__.split('.')[0]) >= 2:
        found['version'] = 'found'
        model.fit(X, Y, epochs=1, verbose=0)
except ValueError as e:
    found['version'] = str(e)

found['progress'] = []
bar = Progbar(target=3, width=10)
for i in range(3):
    bar.update(i + 1, values=[('loss', 1. / (i + 1)), ('acc', .5)])
model.summary()
weights = os.path.join(folder, 'weights.hdf5')
model.save_weights(weights, overwrite=True)
model.save_weights(weights, overwrite=True)
before = model.get_weights()
model.set_weights([0 * w for w in before])
model.load_weights(weights)
found['loaded'] = bool(all((a == b).all() for a, b in zip(before, model.get_weights())))
found['classes'] = np.asarray(probas_to_classes(np.eye(3)[[2, 0, 1]])).tolist()
found['classes 2'] = np.asarray(categorical_probas_to_classes(np.eye(3)[[2, 0]])).tolist()
for name in os.listdir(folder):
    os.remove(os.path.join(folder, name))
os.rmdir(folder)
print(json.dumps(found))
