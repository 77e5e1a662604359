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
