"""The networks in PyTorch, eager, written by hand as a fast training loop is written.

Batches are gathered by index from a tensor in memory (a `DataLoader` over a
`TensorDataset` is many times slower), and the optimizer is the fused one. Losses are
summed as tensors and read once an epoch, as the Kerases do.
"""

import torch
from torch import nn
from torch.nn import functional


def dense():
    return nn.Sequential(
        nn.Linear(13, 64), nn.ReLU(),
        nn.Linear(64, 64), nn.ReLU(),
        nn.Linear(64, 1),
    )


def mnist_mlp(dropout):
    drop = [nn.Dropout(dropout)] if dropout else []
    return nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), *drop,
        nn.Linear(512, 512), nn.ReLU(), *drop,
        nn.Linear(512, 10),
    )


class _Pooled(nn.Module):
    """Takes images with the channels last, as Keras has them."""

    def __init__(self):
        super().__init__()
        self.convolutions = nn.Sequential(
            nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
            nn.Dropout(0.25),
        )
        self.dense = nn.Sequential(
            nn.Linear(12 * 12 * 64, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10)
        )

    def forward(self, x):                                         # (batch, 28, 28, 1)
        x = self.convolutions(x.permute(0, 3, 1, 2))
        return self.dense(x.flatten(1))


def mnist_cnn():
    return _Pooled()


class _Recurrent(nn.Module):
    def __init__(self, words, cell):
        super().__init__()
        self.embedding = nn.Embedding(words, 128)
        self.recurrent = getattr(nn, cell)(128, 128, batch_first=True)
        self.dense = nn.Linear(128, 1)

    def forward(self, x):                                         # (batch, steps)
        outputs, _ = self.recurrent(self.embedding(x))
        return self.dense(outputs[:, -1])


def imdb_recurrent(words, cell):
    return _Recurrent(words, cell)


def binary_crossentropy(logits, y):
    return functional.binary_cross_entropy_with_logits(logits, y)


def halves(logits, y):
    return ((logits > 0) == (y > 0.5)).sum()


def adam(model):
    return torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7, fused=True)


def squared_error(output, y):
    return functional.mse_loss(output, y)


def crossentropy(logits, y):
    return functional.cross_entropy(logits, y)


def matches(logits, y):
    return (logits.argmax(-1) == y.argmax(-1)).sum()


def train_step(model, optimizer, loss_of, x, y):
    optimizer.zero_grad(set_to_none=True)
    output = model(x)
    loss = loss_of(output, y)
    loss.backward()
    optimizer.step()
    return loss.detach(), output.detach()


def fit(model, optimizer, loss_of, x, y, batch_size, epochs, metric=None):
    """Trains on NumPy arrays; returns the last epoch's mean loss and metric."""
    x, y = torch.from_numpy(x), torch.from_numpy(y)
    model.train()
    for _ in range(epochs):
        order = torch.randperm(len(x))
        loss_sum = torch.zeros(())
        metric_sum = torch.zeros(())
        for batch in order.split(batch_size):
            y_batch = y[batch]
            loss, output = train_step(model, optimizer, loss_of, x[batch], y_batch)
            loss_sum += loss * len(batch)
            if metric:
                metric_sum += metric(output, y_batch)
        logs = loss_sum.item() / len(x), metric_sum.item() / len(x)
    return logs
