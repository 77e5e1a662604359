"""`TensorBoard` as in Keras 2.3.1 on TensorFlow 2: tf.keras's files, Keras's arguments."""

from hornbeam.callbacks import tensorboard_tf


class TensorBoard(tensorboard_tf.TensorBoard):
    """Writes what TensorBoard shows, laid out as tf.keras does; see `tensorboard_tf.TensorBoard`.

    Args:
        log_dir, histogram_freq, batch_size, write_graph, write_grads, write_images,
            embeddings_freq, embeddings_layer_names, embeddings_metadata, embeddings_data,
            update_freq: As in `tensorboard_v1.TensorBoard`, and in its order.
        **kwargs: `write_steps_per_second` and `profile_batch`.

    Source: Keras 2.3.1, which ignores `batch_size`, `write_grads` and what embeddings need.
    """

    def __init__(
        self,
        log_dir="./logs",
        histogram_freq=0,
        batch_size=None,
        write_graph=True,
        write_grads=False,
        write_images=False,
        embeddings_freq=0,
        embeddings_layer_names=None,
        embeddings_metadata=None,
        embeddings_data=None,
        update_freq="epoch",
        **kwargs,
    ):
        super().__init__(
            log_dir,
            histogram_freq,
            write_graph,
            write_images,
            update_freq=update_freq,
            embeddings_freq=embeddings_freq,
            embeddings_metadata=embeddings_metadata,
            batch_size=batch_size,
            write_grads=write_grads,
            embeddings_layer_names=embeddings_layer_names,
            embeddings_data=embeddings_data,
            **kwargs,
        )
