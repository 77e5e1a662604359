"""`TensorBoard` as in tf.keras: folders `train` and `validation`, tags such as `epoch_loss`."""

import os

from hornbeam.callbacks.tensorboard_base import TensorBoardBase

_V1_ARGUMENTS = ("batch_size", "write_grads", "embeddings_layer_names", "embeddings_data")


class TensorBoard(TensorBoardBase):
    """Writes what TensorBoard shows, laid out as tf.keras does.

    Args:
        log_dir: Path. Events go to its folders `train` and `validation`.
        histogram_freq: Integer; every how many epochs histograms of the weights are written; 0 for
            never.
        write_graph, write_images: As in `tensorboard_v1.TensorBoard`.
        write_steps_per_second: Bool; whether to write `epoch_steps_per_second` (and, unless
            `update_freq` is 'epoch', `batch_steps_per_second`).
        update_freq: 'epoch', 'batch', or an integer: every how many batches `batch_loss` and its
            like are written. Anything but 'epoch' makes training stop at each batch.
        profile_batch: Integer, or a pair of integers, or '10,20': batches, counted from 1, during
            which JAX's profiler measures. 0 for none.
        embeddings_freq: Integer; every how many epochs the weights of `Embedding` layers are
            written for the projector; 0 for never.
        embeddings_metadata: As in `tensorboard_v1.TensorBoard`.
        **kwargs: `batch_size`, `write_grads`, `embeddings_layer_names`, `embeddings_data`: as in
            `tensorboard_v1.TensorBoard`. tf.keras ignores them.

    Raises:
        ValueError: for an unknown argument, and as `tensorboard_v1.TensorBoard`.

    Tags: `epoch_loss`, `batch_loss`, `evaluation_loss_vs_iterations`, `dense/kernel_0/histogram`,
    `dense/kernel_0/image/0`, `dense/kernel_0_grad`.

    Source: tf_keras 2.21, with these differences. `update_freq` is followed; there, batches are
    written only while profiling. Pictures are scaled to their range of values; there, all below 0
    is black. The graph is that of the layers. Embeddings are tables, not checkpoints.
    """

    histogram_tag = "{}/histogram"
    pictures_tag = "{}/image"

    def __init__(
        self,
        log_dir="logs",
        histogram_freq=0,
        write_graph=True,
        write_images=False,
        write_steps_per_second=False,
        update_freq="epoch",
        profile_batch=0,
        embeddings_freq=0,
        embeddings_metadata=None,
        **kwargs,
    ):
        unknown = sorted(set(kwargs) - set(_V1_ARGUMENTS))
        if unknown:
            raise ValueError(
                f"Unrecognized arguments in `TensorBoard` Callback: {unknown}. Beside those of the "
                f"signature it takes: {list(_V1_ARGUMENTS)}."
            )
        super().__init__(
            log_dir,
            histogram_freq,
            kwargs.get("batch_size"),
            write_graph,
            kwargs.get("write_grads", False),
            write_images,
            embeddings_freq,
            kwargs.get("embeddings_layer_names"),
            embeddings_metadata,
            kwargs.get("embeddings_data"),
            update_freq,
            write_steps_per_second,
            profile_batch,
        )

    def main_folder(self):
        return os.path.join(self.log_dir, "train")

    def write_epoch(self, epoch, logs):
        validation = {n[4:]: value for n, value in logs.items() if n.startswith("val_")}
        training = {n: value for n, value in logs.items() if not n.startswith("val_")}
        self.write_scalars(self.writer, training, epoch, "epoch_{}")
        if validation:
            self.write_scalars(self._validation_writer(), validation, epoch, "epoch_{}")
            self._write_evaluation(validation)

    def write_batch(self, logs):
        step = self._iterations()
        if step % self.update_freq:
            return None
        self.write_scalars(self.writer, logs, step, "batch_{}")
        return step

    def on_test_end(self, logs=None):
        if logs and self._epoch_began is None:  # in training, the end of the epoch tells
            self._write_evaluation(logs)
            self._close()

    def _validation_writer(self):
        return self.writer_of(os.path.join(self.log_dir, "validation"))

    def _write_evaluation(self, logs):
        self.write_scalars(
            self._validation_writer(), logs, self._iterations(), "evaluation_{}_vs_iterations"
        )
