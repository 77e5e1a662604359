"""A DQN agent with replay memory and a target network; an actor-critic with its own functions."""
import json
import random
from collections import deque
import numpy as np
from keras import backend as K
from keras.layers import Dense, Input
from keras.models import Sequential, Model, clone_model
from keras.optimizers import Adam, RMSprop, SGD

random.seed(2)


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


def fill(model, seed=0):
    model.set_weights([fixed(w.shape, seed + i) for i, w in enumerate(model.get_weights())])
    return model


class DQNAgent:
    def __init__(self, state_size, action_size):
        self.state_size = state_size
        self.action_size = action_size
        self.memory = deque(maxlen=200)
        self.gamma = 0.95    # discount rate
        self.epsilon = 1.0  # exploration rate
        self.epsilon_min = 0.01
        self.epsilon_decay = 0.9
        self.learning_rate = 0.05
        self.model = fill(self._build_model())
        self.target_model = self._build_model()
        self.update_target_model()

    def _huber_loss(self, y_true, y_pred, clip_delta=1.0):
        error = y_true - y_pred
        cond = K.abs(error) <= clip_delta
        squared_loss = 0.5 * K.square(error)
        quadratic_loss = 0.5 * K.square(clip_delta) + clip_delta * (K.abs(error) - clip_delta)
        return K.mean(K.switch(cond, squared_loss, quadratic_loss))

    def _build_model(self):
        model = Sequential()
        model.add(Dense(6, input_dim=self.state_size, activation='relu'))
        model.add(Dense(self.action_size, activation='linear'))
        model.compile(loss=self._huber_loss, optimizer=SGD(lr=self.learning_rate))
        return model

    def update_target_model(self):
        self.target_model.set_weights(self.model.get_weights())

    def remember(self, state, action, reward, next_state, done):
        self.memory.append((state, action, reward, next_state, done))

    def replay(self, batch_size):
        minibatch = random.sample(self.memory, batch_size)
        for state, action, reward, next_state, done in minibatch:
            target = self.model.predict(state)
            if done:
                target[0][action] = reward
            else:
                t = self.target_model.predict(next_state)[0]
                target[0][action] = reward + self.gamma * np.amax(t)
            self.model.fit(state, target, epochs=1, verbose=0)
        if self.epsilon > self.epsilon_min:
            self.epsilon *= self.epsilon_decay


agent = DQNAgent(4, 2)
for i in range(12):
    state, next_state = fixed((1, 4), 20 + i, 1.), fixed((1, 4), 21 + i, 1.)
    agent.remember(state, i % 2, float(i % 3), next_state, i == 11)
for _ in range(2):
    agent.replay(6)
    agent.update_target_model()


class A2CAgent:
    def __init__(self):
        self.actor, self.critic = self.build_model()
        self.optimizer = [self.actor_optimizer(), self.critic_optimizer()]

    def build_model(self):
        state = Input(batch_shape=(None, 4))
        shared = Dense(5, activation='relu')(state)
        actor_hidden = Dense(5, activation='relu')(shared)
        action_prob = Dense(2, activation='softmax')(actor_hidden)
        value_hidden = Dense(4, activation='relu')(shared)
        state_value = Dense(1, activation='linear')(value_hidden)
        actor = Model(inputs=state, outputs=action_prob)
        critic = Model(inputs=state, outputs=state_value)
        actor._make_predict_function()
        critic._make_predict_function()
        return fill(actor), fill(critic)

    def actor_optimizer(self):
        action = K.placeholder(shape=[None, 2])
        advantages = K.placeholder(shape=[None, ])
        policy = self.actor.output
        good_prob = K.sum(action * policy, axis=1)
        eligibility = K.log(good_prob + 1e-10) * advantages
        actor_loss = -K.sum(eligibility)
        entropy = K.sum(policy * K.log(policy + 1e-10), axis=1)
        entropy = K.sum(entropy)
        loss = actor_loss + 0.01 * entropy
        optimizer = RMSprop(lr=0.01, rho=0.99, epsilon=0.01)
        updates = optimizer.get_updates(self.actor.trainable_weights, [], loss)
        return K.function([self.actor.input, action, advantages], [loss], updates=updates)

    def critic_optimizer(self):
        discounted_reward = K.placeholder(shape=(None, ))
        value = self.critic.output
        loss = K.mean(K.square(discounted_reward - value))
        updates = SGD(lr=0.02).get_updates(params=self.critic.trainable_weights, loss=loss)
        return K.function([self.critic.input, discounted_reward], [loss], updates=updates)


def ppo_loss(advantage, old_prediction):
    def loss(y_true, y_pred):
        prob = y_true * y_pred
        old_prob = y_true * old_prediction
        r = prob / (old_prob + 1e-10)
        clipped = K.clip(r, min_value=0.8, max_value=1.2)
        return -K.mean(K.minimum(r * advantage, clipped * advantage)
                       + 5e-3 * -(prob * K.log(prob + 1e-10)))
    return loss


states, actions, rewards = fixed((6, 4), 70, 1.), np.eye(2)[np.arange(6) % 2], fixed((6,), 71, 1.)
a2c = A2CAgent()
a2c_losses = []
for _ in range(3):
    values = a2c.critic.predict(states)
    advantages = rewards - np.reshape(values, len(values))
    a2c_losses.append([float(a2c.optimizer[0]([states, actions, advantages])[0]),
                       float(a2c.optimizer[1]([states, rewards])[0])])

state_input, advantage = Input(shape=(4,)), Input(shape=(1,))
old_prediction = Input(shape=(2,))
out = Dense(2, activation='softmax', name='output')(Dense(5, activation='tanh')(state_input))
ppo = fill(Model(inputs=[state_input, advantage, old_prediction], outputs=[out]), 40)
ppo.compile(optimizer=SGD(lr=.05), loss=[ppo_loss(advantage, old_prediction)])
old = ppo.predict([states, rewards[:, None], np.zeros((6, 2))])
ppo_losses = [float(ppo.train_on_batch([states, rewards[:, None], old], actions)) for i in range(3)]

print(json.dumps({
    'q': agent.model.predict(fixed((3, 4), 90, 1.)).tolist(),
    'epsilon': agent.epsilon,
    'copied': all(np.array_equal(a, b) for a, b in zip(agent.model.get_weights(),
                                                       agent.target_model.get_weights())),
    'a2c': a2c_losses,
    'policy': a2c.actor.predict(states).tolist(),
    'ppo': ppo_losses,
}))
