"""A transformer encoder written with tf's functions: heads, masks, positions, normalization."""
import json
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def get_angles(pos, i, d_model):
    return pos * (1 / np.power(10000, (2 * (i // 2)) / np.float32(d_model)))


def positional_encoding(position, d_model):
    angle_rads = get_angles(np.arange(position)[:, np.newaxis], np.arange(d_model)[np.newaxis, :],
                            d_model)
    angle_rads[:, 0::2] = np.sin(angle_rads[:, 0::2])
    angle_rads[:, 1::2] = np.cos(angle_rads[:, 1::2])
    return tf.cast(angle_rads[np.newaxis, ...], dtype=tf.float32)


def scaled_dot_product_attention(q, k, v, mask):
    matmul_qk = tf.matmul(q, k, transpose_b=True)
    dk = tf.cast(tf.shape(k)[-1], tf.float32)
    scaled_attention_logits = matmul_qk / tf.math.sqrt(dk)
    if mask is not None:
        scaled_attention_logits += (mask * -1e9)
    attention_weights = tf.nn.softmax(scaled_attention_logits, axis=-1)
    return tf.matmul(attention_weights, v), attention_weights


class MultiHeadSelfAttention(layers.Layer):
    def __init__(self, embed_dim, num_heads=8):
        super(MultiHeadSelfAttention, self).__init__()
        if embed_dim % num_heads != 0:
            raise ValueError(f'embedding dimension = {embed_dim}')
        self.embed_dim = embed_dim
        self.num_heads = num_heads
        self.projection_dim = embed_dim // num_heads
        self.query_dense = layers.Dense(embed_dim)
        self.key_dense = layers.Dense(embed_dim)
        self.value_dense = layers.Dense(embed_dim)
        self.combine_heads = layers.Dense(embed_dim)

    def separate_heads(self, x, batch_size):
        x = tf.reshape(x, (batch_size, -1, self.num_heads, self.projection_dim))
        return tf.transpose(x, perm=[0, 2, 1, 3])

    def call(self, inputs, mask=None):
        batch_size = tf.shape(inputs)[0]
        query = self.separate_heads(self.query_dense(inputs), batch_size)
        key = self.separate_heads(self.key_dense(inputs), batch_size)
        value = self.separate_heads(self.value_dense(inputs), batch_size)
        attention, weights = scaled_dot_product_attention(query, key, value, mask)
        attention = tf.transpose(attention, perm=[0, 2, 1, 3])
        return self.combine_heads(tf.reshape(attention, (batch_size, -1, self.embed_dim)))


class TransformerBlock(layers.Layer):
    def __init__(self, embed_dim, num_heads, ff_dim, rate=0.1):
        super(TransformerBlock, self).__init__()
        self.att = MultiHeadSelfAttention(embed_dim, num_heads)
        self.ffn = keras.Sequential([layers.Dense(ff_dim, activation='relu'),
                                     layers.Dense(embed_dim)])
        self.layernorm1 = layers.LayerNormalization(epsilon=1e-6)
        self.layernorm2 = layers.LayerNormalization(epsilon=1e-6)
        self.dropout1 = layers.Dropout(rate)

    def call(self, inputs, training=None):
        attn_output = self.dropout1(self.att(inputs), training=training)
        out1 = self.layernorm1(inputs + attn_output)
        return self.layernorm2(out1 + self.ffn(out1))


class TokenAndPositionEmbedding(layers.Layer):
    def __init__(self, maxlen, vocab_size, embed_dim, **kwargs):
        super(TokenAndPositionEmbedding, self).__init__(**kwargs)
        self.token_emb = layers.Embedding(input_dim=vocab_size, output_dim=embed_dim)
        self.pos_emb = layers.Embedding(input_dim=maxlen, output_dim=embed_dim)

    def call(self, x):
        maxlen = tf.shape(x)[-1]
        positions = tf.range(start=0, limit=maxlen, delta=1)
        return self.token_emb(x) + self.pos_emb(positions)


inputs = layers.Input(shape=(6,))
x = TokenAndPositionEmbedding(6, 10, 8)(inputs)
x = TransformerBlock(8, 2, 12, rate=0.)(x)
x = layers.GlobalAveragePooling1D()(x)
model = keras.Model(inputs=inputs, outputs=layers.Dense(2, activation='softmax')(x))
for layer in model.layers:
    layer.set_weights([fixed(w.shape, i) + ('gamma' in v.name) for i, (w, v) in
                       enumerate(zip(layer.get_weights(), layer.weights))])
model.compile('sgd', 'sparse_categorical_crossentropy', metrics=['accuracy'])
words = np.random.RandomState(1).randint(0, 10, (8, 6))
history = model.fit(words, np.arange(8) % 2, batch_size=4, epochs=3, shuffle=False, verbose=0)

look_ahead = 1 - tf.linalg.band_part(tf.ones((3, 3)), -1, 0)
q = tf.constant(fixed((1, 3, 4), 30))
out, attention = scaled_dot_product_attention(q, q, q, look_ahead)
keras_heads = layers.MultiHeadAttention(num_heads=2, key_dim=3)
result, scores = keras_heads(q, q, return_attention_scores=True)
rnn = keras.Sequential([layers.Embedding(10, 4, mask_zero=True),
                        layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
                        layers.GRU(2)])
rnn.build((None, 6))
rnn.set_weights([fixed(w.shape, i) for i, w in enumerate(rnn.get_weights())])

print(json.dumps({
    'loss': history.history['loss'],
    'predicted': model.predict(words[:2]).tolist(),
    'positions': positional_encoding(3, 4).numpy().tolist(),
    'masked': [out.numpy().tolist(), attention.numpy().tolist()],
    'heads': [result.shape.as_list(), scores.shape.as_list()],
    'rnn': rnn.predict(words[:3]).tolist(),
    'shapes': [list(w.shape) for w in model.get_weights()[:4]],
}))
