"""The documentation's examples of LambdaCallback: numbers of batches, a log in JSON, a clean-up."""
import json
import multiprocessing
import os
import tempfile
import time

import numpy as np

from keras.callbacks import LambdaCallback
from keras.layers import Dense
from keras.models import Sequential

processes = [multiprocessing.Process(target=time.sleep, args=(600,)) for _ in range(2)]
processes.append(multiprocessing.Process(target=time.sleep, args=(0,)))
for process in processes:
    process.start()
processes[-1].join()

folder = tempfile.mkdtemp()
os.chdir(folder)
seen = []

# Print the batch number at the beginning of every batch.
batch_print_callback = LambdaCallback(
    on_batch_begin=lambda batch,logs: (print(batch), seen.append(int(batch))))

# Stream the epoch loss to a file in JSON format. The file content
# is not well-formed JSON but rather has a JSON object per line.
json_log = open('loss_log.json', mode='wt', buffering=1)
json_logging_callback = LambdaCallback(
    on_epoch_end=lambda epoch, logs: json_log.write(
        json.dumps({'epoch': epoch, 'loss': logs['loss']}) + '\n'),
    on_train_end=lambda logs: json_log.close()
)

# Terminate some processes after having finished model training.
alive = [p.is_alive() for p in processes]
cleanup_callback = LambdaCallback(
    on_train_end=lambda logs: [
        p.terminate() for p in processes if p.is_alive()])

model = Sequential([Dense(1, input_dim=3)])
model.set_weights([np.array([[.3], [-.2], [.1]]), np.zeros(1)])
model.compile('sgd', 'mse')
x = np.sin(np.arange(30.)).reshape(10, 3)
model.fit(x, x.sum(axis=1), batch_size=4, epochs=3, verbose=0, shuffle=False,
          callbacks=[batch_print_callback,
                     json_logging_callback,
                     cleanup_callback])

for process in processes:
    process.join(60)
with open('loss_log.json') as file:
    lines = [json.loads(line) for line in file]
print(json.dumps({
    'batches': seen,
    'epochs': [line['epoch'] for line in lines],
    'losses': [line['loss'] for line in lines],
    'closed': json_log.closed,
    'alive': [alive, [p.is_alive() for p in processes]],
    'codes': [p.exitcode for p in processes],
}))
