"""Character-level translation: trained, saved, loaded, and taken apart for inference."""
from __future__ import print_function
import json
import os
import tempfile
import numpy as np
from keras.layers import Input, LSTM, Dense
from keras.models import Model, load_model

latent_dim, num_encoder_tokens, num_decoder_tokens = 5, 4, 6
max_encoder_seq_length, max_decoder_seq_length = 4, 5


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


encoder_inputs = Input(shape=(None, num_encoder_tokens))
encoder = LSTM(latent_dim, return_state=True, recurrent_activation='sigmoid')
encoder_outputs, state_h, state_c = encoder(encoder_inputs)
encoder_states = [state_h, state_c]
decoder_inputs = Input(shape=(None, num_decoder_tokens))
decoder_lstm = LSTM(latent_dim, return_sequences=True, return_state=True,
                    recurrent_activation='sigmoid')
decoder_outputs, _, _ = decoder_lstm(decoder_inputs, initial_state=encoder_states)
decoder_dense = Dense(num_decoder_tokens, activation='softmax')
decoder_outputs = decoder_dense(decoder_outputs)
model = Model([encoder_inputs, decoder_inputs], decoder_outputs)
model.set_weights([fixed(w.shape, i, 1.) for i, w in enumerate(model.get_weights())])
model.compile(optimizer='sgd', loss='categorical_crossentropy')

random = np.random.RandomState(3)
encoder_input_data = np.eye(num_encoder_tokens)[random.randint(0, 4, (6, max_encoder_seq_length))]
decoder_input_data = np.eye(num_decoder_tokens)[random.randint(0, 6, (6, max_decoder_seq_length))]
decoder_target_data = np.roll(decoder_input_data, -1, axis=1)
history = model.fit([encoder_input_data, decoder_input_data], decoder_target_data, batch_size=3,
                    epochs=2, shuffle=False, verbose=0)
path = os.path.join(tempfile.mkdtemp(), 's2s.h5')
model.save(path)

# Restore the model and construct the encoder and decoder.
model = load_model(path)
os.remove(path)
encoder_inputs = model.input[0]  # input_1
encoder_outputs, state_h_enc, state_c_enc = model.layers[2].output  # lstm_1
encoder_states = [state_h_enc, state_c_enc]
encoder_model = Model(encoder_inputs, encoder_states)

decoder_inputs = model.input[1]  # input_2
decoder_state_input_h = Input(shape=(latent_dim,), name='input_3')
decoder_state_input_c = Input(shape=(latent_dim,), name='input_4')
decoder_states_inputs = [decoder_state_input_h, decoder_state_input_c]
decoder_lstm = model.layers[3]
decoder_outputs, state_h_dec, state_c_dec = decoder_lstm(
    decoder_inputs, initial_state=decoder_states_inputs)
decoder_states = [state_h_dec, state_c_dec]
decoder_dense = model.layers[4]
decoder_outputs = decoder_dense(decoder_outputs)
decoder_model = Model([decoder_inputs] + decoder_states_inputs, [decoder_outputs] + decoder_states)


def decode_sequence(input_seq):
    states_value = encoder_model.predict(input_seq)
    target_seq = np.zeros((1, 1, num_decoder_tokens))
    target_seq[0, 0, 0] = 1.
    decoded = []
    while len(decoded) < max_decoder_seq_length:
        output_tokens, h, c = decoder_model.predict([target_seq] + states_value)
        sampled_token_index = np.argmax(output_tokens[0, -1, :])
        decoded.append(int(sampled_token_index))
        target_seq = np.zeros((1, 1, num_decoder_tokens))
        target_seq[0, 0, sampled_token_index] = 1.
        states_value = [h, c]
    return decoded, states_value


decoded = [decode_sequence(encoder_input_data[i:i + 1]) for i in range(3)]
print(json.dumps({
    'loss': history.history['loss'],
    'decoded': [d for d, _ in decoded],
    'states': [s[0].ravel().tolist() for _, s in decoded],
    'layers': [layer.__class__.__name__ for layer in model.layers],
    'encoder': [list(t.shape[1:]) for t in encoder_model.predict(encoder_input_data)],
    'nodes': len(decoder_lstm._inbound_nodes),
}))
