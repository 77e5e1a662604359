"""Deep Q-learning on a corridor: two networks, soft updates, predict and fit on small batches."""
import json
import random
from collections import deque

import numpy as np

from keras.layers import Dense
from keras.models import Sequential, clone_model
from keras.optimizers import Adam


class Corridor(object):
    """Six cells; right is good; the end pays."""

    def reset(self):
        self.place = 0
        return self.state()

    def state(self):
        return np.eye(6)[self.place][None]

    def step(self, action):
        self.place = max(0, self.place + (1 if action == 1 else -1))
        done = self.place == 5
        return self.state(), 1. if done else -0.05, done


class DQNAgent:
    def __init__(self, state_size, action_size):
        self.memory = deque(maxlen=500)
        self.gamma = 0.9
        self.epsilon = 1.0
        self.model = self._build_model(state_size, action_size)
        self.target_model = clone_model(self.model)
        self.target_model.set_weights(self.model.get_weights())

    def _build_model(self, state_size, action_size):
        model = Sequential()
        model.add(Dense(16, input_dim=state_size, activation='relu'))
        model.add(Dense(action_size, activation='linear'))
        model.compile(loss='mse', optimizer=Adam(lr=0.02))
        return model

    def act(self, state):
        if np.random.rand() <= self.epsilon:
            return random.randrange(2)
        return np.argmax(self.model.predict(state)[0])

    def replay(self, batch_size):
        minibatch = random.sample(self.memory, batch_size)
        states = np.concatenate([m[0] for m in minibatch])
        next_states = np.concatenate([m[3] for m in minibatch])
        targets = self.model.predict(states)
        future = self.target_model.predict_on_batch(next_states).max(axis=1)
        for i, (_, action, reward, _, done) in enumerate(minibatch):
            targets[i][action] = reward if done else reward + self.gamma * future[i]
        self.model.fit(states, targets, epochs=1, verbose=0)
        self.epsilon = max(0.05, self.epsilon * 0.97)

    def follow(self, tau=0.2):
        weights = self.model.get_weights()
        target_weights = self.target_model.get_weights()
        for i in range(len(target_weights)):
            target_weights[i] = weights[i] * tau + target_weights[i] * (1 - tau)
        self.target_model.set_weights(target_weights)


np.random.seed(3)
random.seed(3)
env, agent = Corridor(), DQNAgent(6, 2)
for episode in range(25):
    state = env.reset()
    for time in range(30):
        action = agent.act(state)
        next_state, reward, done = env.step(action)
        agent.memory.append((state, action, reward, next_state, done))
        state = next_state
        if done:
            break
        if len(agent.memory) > 32 and time % 2 == 0:
            agent.replay(32)
            agent.follow()
q = agent.model.predict(np.eye(6)[:5])
print(json.dumps({'policy': q.argmax(axis=1).tolist(), 'value': float(q[4, 1]),
                  'own_copies': not np.shares_memory(q, agent.model.predict(np.eye(6)[:5]))}))
