"""The networks in PyTorch, eager, written by hand as a fast training loop is written.

Batches are gathered by index from a tensor in memory (a `DataLoader` over a
`TensorDataset` is many times slower), and the optimizer is the fused one. Losses are
summed as tensors and read once an epoch, as the Kerases do.
"""

import torch
from torch import nn
from torch.nn import functional

from benchmarks import nets


def _as_keras(model):
    """Returns `model` with the initial weights that Keras draws, so that it learns alike."""
    for module in model.modules():
        if isinstance(module, nn.Embedding):
            nn.init.uniform_(module.weight, -0.05, 0.05)
        elif isinstance(module, (nn.Linear, nn.Conv1d, nn.Conv2d)):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    return model


def dense():
    return _as_keras(nn.Sequential(
        nn.Linear(13, 64), nn.ReLU(),
        nn.Linear(64, 64), nn.ReLU(),
        nn.Linear(64, 1),
    ))


def mnist_mlp(dropout):
    drop = [nn.Dropout(dropout)] if dropout else []
    return _as_keras(nn.Sequential(
        nn.Linear(784, 512), nn.ReLU(), *drop,
        nn.Linear(512, 512), nn.ReLU(), *drop,
        nn.Linear(512, 10),
    ))


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
    return _as_keras(_Pooled())


class _Recurrent(nn.Module):
    def __init__(self, words, cell):
        super().__init__()
        self.embedding = nn.Embedding(words, 128)
        self.recurrent = getattr(nn, cell)(128, 128, batch_first=True)
        self.dense = nn.Linear(128, 1)

    def forward(self, x):                                         # (batch, steps)
        outputs, _ = self.recurrent(self.embedding(x))
        return self.dense(outputs[:, -1])


def imdb_recurrent(cell):
    return _as_keras(_Recurrent(nets.IMDB_WORDS, cell))


class _TextConvolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(nets.TEXT_WORDS, 50)
        self.convolution = nn.Conv1d(50, 250, 3)
        self.dense = nn.Sequential(
            nn.Linear(250, 250), nn.Dropout(0.2), nn.ReLU(), nn.Linear(250, 1)
        )
        self.dropout = nn.Dropout(0.2)

    def forward(self, x):                                         # (batch, steps)
        x = self.dropout(self.embedding(x)).transpose(1, 2)
        return self.dense(functional.relu(self.convolution(x)).amax(2))


def text_cnn():
    return _as_keras(_TextConvolution())


class _AttentionBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.query, self.key, self.value = [nn.Linear(width, width) for _ in range(3)]
        self.mix = nn.Linear(width, width)
        self.hidden, self.output = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x):                                         # (batch, steps, width)
        heads = [project(x)[:, None] for project in (self.query, self.key, self.value)]
        x = x + self.mix(functional.scaled_dot_product_attention(*heads)[:, 0])
        return x + self.output(functional.relu(self.hidden(x)))


class _Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(nets.ATTENTION_WORDS, nets.ATTENTION_WIDTH)
        self.blocks = nn.Sequential(
            *[_AttentionBlock(nets.ATTENTION_WIDTH) for _ in range(nets.ATTENTION_BLOCKS)]
        )
        self.dense = nn.Linear(nets.ATTENTION_WIDTH, 1)

    def forward(self, x):                                         # (batch, steps)
        return self.dense(self.blocks(self.embedding(x)).mean(1))


def attention():
    return _as_keras(_Attention())


class _Residual(nn.Module):
    """Adds what `path` makes of its input to what `shortcut` makes of it."""

    def __init__(self, path, shortcut):
        super().__init__()
        self.path, self.shortcut = path, shortcut

    def forward(self, x):                                         # (batch, channels, rows, cols)
        return functional.relu(self.path(x) + self.shortcut(x))


class _Images(nn.Module):
    """A stack of convolutions over images with the channels last, as Keras has them."""

    def __init__(self, layers, channels, classes, l2=0.0):
        super().__init__()
        self.stack = nn.Sequential(*layers).to(memory_format=torch.channels_last)
        self.dense = nn.Linear(channels, classes)
        self.l2 = l2

    def forward(self, x):                                         # (batch, rows, cols, channels)
        return self.dense(self.stack(x.permute(0, 3, 1, 2)).mean((2, 3)))


def cifar_resnet20():
    def norm(filters):
        return nn.BatchNorm2d(filters, eps=1e-3, momentum=0.01)

    layers = [nn.Conv2d(3, 16, 3, padding=1), norm(16), nn.ReLU()]
    before = 16
    for filters in (16, 32, 64):
        for _ in range(3):
            strides = filters // before
            path = nn.Sequential(
                nn.Conv2d(before, filters, 3, strides, padding=1), norm(filters), nn.ReLU(),
                nn.Conv2d(filters, filters, 3, padding=1), norm(filters),
            )
            shortcut = nn.Conv2d(before, filters, 1, strides) if strides > 1 else nn.Identity()
            layers.append(_Residual(path, shortcut))
            before = filters
    model = _as_keras(_Images(layers, 64, 10, l2=1e-4))
    for kernel in _kernels(model):
        nn.init.kaiming_normal_(kernel)
    return model


def resnet50():
    """As Keras's: version 1, the strides in the first convolution of a block, and biases."""

    def convolution(before, filters, size=1, strides=1):
        norm = nn.BatchNorm2d(filters, eps=1.001e-5, momentum=0.01)
        return [nn.Conv2d(before, filters, size, strides, padding=size // 2), norm]

    layers = convolution(3, 64, 7, 2) + [nn.ReLU(), nn.MaxPool2d(3, 2, padding=1)]
    before = 64
    for filters, blocks in ((64, 3), (128, 4), (256, 6), (512, 3)):
        for block in range(blocks):
            strides = 2 if filters > 64 and block == 0 else 1
            path = nn.Sequential(
                *convolution(before, filters, 1, strides), nn.ReLU(),
                *convolution(filters, filters, 3), nn.ReLU(),
                *convolution(filters, 4 * filters),
            )
            shortcut = convolution(before, 4 * filters, 1, strides) if block == 0 else []
            layers.append(_Residual(path, nn.Sequential(*shortcut)))
            before = 4 * filters
    return _as_keras(_Images(layers, 2048, 1000))


class _Vae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(784, 512), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(512, 2), nn.Linear(512, 2)
        self.decoder = nn.Sequential(nn.Linear(2, 512), nn.ReLU(), nn.Linear(512, 784))

    def forward(self, x):                                         # (batch, 784)
        x = self.encoder(x)
        mean, log_variance = self.mean(x), self.log_variance(x)
        code = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        return self.decoder(code), mean, log_variance


def vae():
    return _as_keras(_Vae())


def vae_loss(outputs, image):
    logits, mean, log_variance = outputs
    pixels = functional.binary_cross_entropy_with_logits(logits, image, reduction="sum")
    divergence = (mean.square() + log_variance.exp() - log_variance - 1).sum() / 2
    return (pixels + divergence) / len(image)


def binary_crossentropy(logits, y):
    return functional.binary_cross_entropy_with_logits(logits, y)


def halves(logits, y):
    return ((logits > 0) == (y > 0.5)).sum()


def adam(model):
    """Adam; the gradient of a model's L2 penalty is added by its weight decay."""
    groups = [{"params": list(model.parameters())}]
    if _l2(model):
        kernels = _kernels(model)
        chosen = {id(kernel) for kernel in kernels}
        rest = [weight for weight in model.parameters() if id(weight) not in chosen]
        groups = [{"params": kernels, "weight_decay": 2 * _l2(model)}, {"params": rest}]
    return torch.optim.Adam(groups, lr=1e-3, eps=1e-7, fused=True)


def _l2(model):
    return getattr(model, "l2", 0.0)


def _kernels(model):
    """Returns what an L2 penalty falls on: the kernels of convolutions."""
    return [weight for weight in model.parameters() if weight.ndim == 4]


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
    return loss.detach(), output


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
                metric_sum += metric(output.detach(), y_batch)
        logs = loss_sum.item() / len(x) + _penalty(model), metric_sum.item() / len(x)
    return logs


def _penalty(model):
    """Returns the L2 penalty, which the weight decay stands for: its gradient needs no value."""
    if not _l2(model):
        return 0.0
    with torch.no_grad():
        return _l2(model) * sum(kernel.square().sum().item() for kernel in _kernels(model))


def fit_batches(model, optimizer, loss_of, batches):
    """Trains on a sequence of NumPy batches, in a new order each time; returns the mean loss."""
    model.train()
    loss_sum = torch.zeros(())
    for index in torch.randperm(len(batches)).tolist():
        x, y = batches[index]
        loss, _ = train_step(model, optimizer, loss_of, torch.from_numpy(x), torch.from_numpy(y))
        loss_sum += loss
    return loss_sum.item() / len(batches)


@torch.inference_mode()
def predict(model, x, batch_size):
    """Returns a NumPy array of what the model makes of `x`, computed in batches."""
    model.eval()
    return torch.cat([model(batch) for batch in torch.from_numpy(x).split(batch_size)]).numpy()
