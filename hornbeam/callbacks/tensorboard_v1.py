"""`TensorBoard` as in Keras 2.3.1 on TensorFlow 1: one folder, tags such as `loss`, `val_loss`."""

from hornbeam.callbacks.tensorboard_base import TensorBoardBase


class TensorBoard(TensorBoardBase):
    """Writes what TensorBoard shows: losses and metrics, histograms, weights, graph, embeddings.

    Needs the package `tensorboard`, which comes with hornbeam, not TensorFlow. To look at the
    result: `tensorboard --logdir ./logs`.

    Args:
        log_dir: Path of the folder of the event files; one folder for each run, so that they can be
            told apart.
        histogram_freq: Integer; every how many epochs histograms are written: of the weights, and
            of what each layer puts out for the validation data. 0 for never.
        batch_size: Integer, samples that are computed together for histograms and embeddings.
        write_graph: Bool; whether to write the graph of the layers.
        write_grads: Bool; whether to write histograms of the loss's gradients on the validation
            data, if `histogram_freq` is not 0.
        write_images: Bool; whether to write weights as pictures too, if `histogram_freq` is not 0.
            Three pictures of a kernel at most; weights of more than three axes longer than 1 have
            none.
        embeddings_freq: Integer; every how many epochs the points of embeddings are written; 0 for
            never. The projector shows the latest.
        embeddings_layer_names: List of the names of the layers to show; by default all `Embedding`
            layers.
        embeddings_metadata: Dict from layer's name to the path of a file with a label for each
            point, from `log_dir`; or one path for all.
        embeddings_data: Array, or list of one for each input: what is put in for the points. The
            points are then what the layers put out for these samples. None (as in Keras 2.0) takes
            the weights of `Embedding` layers.
        update_freq: 'epoch', 'batch', or an integer: losses and metrics are written each time that
            many samples have been seen. Anything but 'epoch' makes training stop at each batch.
        write_steps_per_second: Bool; whether to write how many training steps a second there were
            (as tf.keras does): `epoch_steps_per_second`, and unless `update_freq` is 'epoch'
            `batch_steps_per_second`.
        profile_batch: Integer, or a pair of integers, or '10,20': batches, counted from 1, during
            which JAX's profiler measures, for TensorBoard's profile plugin (tf.keras). 0 for none.

    Raises:
        ImportError: if `tensorboard` is not installed.
        ValueError: for a frequency that is none; at the start of training, if `histogram_freq` asks
            for histograms and there is no validation data, or a layer's name is unknown.
        OSError: at the start of training, if `log_dir` cannot be written to.

    Tags: `loss`, `val_loss`, `acc` ... as in the logs; `dense_1/kernel_0` for the histogram of a
    weight, `dense_1/kernel_0_1/image/0` for its picture, `dense_1/kernel_0_grad` for its gradient,
    `dense_1_out` for what a layer puts out.

    Source: Keras 2.3.1 on TensorFlow 1, with these differences. A missing `validation_data` is an
    error before the training. A histogram takes all validation data; Keras writes one for each
    batch. The graph is that of the layers. Embeddings are tables, not checkpoints. Values that are
    not finite are left out of histograms, where TensorFlow ends the training.

    See also: `tensorboard_v2.TensorBoard`, which lays its files out as tf.keras does.
    """

    pictures_tag = "{}_1/image"  # TensorFlow 1 numbers the second summary of a name
    shows_activations = True

    def __init__(
        self,
        log_dir="./logs",
        histogram_freq=0,
        batch_size=32,
        write_graph=True,
        write_grads=False,
        write_images=False,
        embeddings_freq=0,
        embeddings_layer_names=None,
        embeddings_metadata=None,
        embeddings_data=None,
        update_freq="epoch",
        write_steps_per_second=False,
        profile_batch=0,
    ):
        super().__init__(
            log_dir,
            histogram_freq,
            batch_size,
            write_graph,
            write_grads,
            write_images,
            embeddings_freq,
            embeddings_layer_names,
            embeddings_metadata,
            embeddings_data,
            update_freq,
            write_steps_per_second,
            profile_batch,
        )
        self.samples_seen = 0
        self.samples_seen_at_last_write = 0

    def write_epoch(self, epoch, logs):
        step = epoch if self.update_freq == "epoch" else self.samples_seen
        self.write_scalars(self.writer, logs, step)

    def write_batch(self, logs):
        self.samples_seen += logs.get("size", 0)
        if self.samples_seen - self.samples_seen_at_last_write < self.update_freq:
            return None
        self.write_scalars(self.writer, logs, self.samples_seen)
        self.writer.flush()
        self.samples_seen_at_last_write = self.samples_seen
        return self.samples_seen

    def on_train_end(self, _=None):  # Keras's name for logs that it does not look at
        super().on_train_end(_)
