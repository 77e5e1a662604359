"""Runs a program under an original Keras, with one race of its training steps closed.

On TensorFlow 1 a step's updates run beside the loss and the gradients, which may read a weight
before or after its update. Here every gradient waits for all of them, and for the loss; so no
update comes early, and a recording can be repeated.

    python in_order.py program.py
"""
import runpy
import sys

import keras
import tensorflow

if hasattr(tensorflow, 'get_default_graph') and hasattr(keras.optimizers, 'Optimizer'):
    usual = keras.optimizers.Optimizer.get_gradients

    def get_gradients(self, loss, params):
        gradients = usual(self, loss, params)
        with tensorflow.control_dependencies([loss] + list(gradients)):
            return [tensorflow.identity(gradient) for gradient in gradients]

    keras.optimizers.Optimizer.get_gradients = get_gradients

path = sys.argv[1]
sys.argv = [path]
sys.path[0] = path.rsplit('/', 1)[0]
runpy.run_path(path, run_name='__main__')
