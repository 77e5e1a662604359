"""`tf.linalg`: matrices and batches of them."""

import jax.numpy as jnp
import jax.scipy.linalg as scipy_linalg
import numpy as np

from hornbeam.compat.tensorflow import math, shaping
from hornbeam.compat.tensorflow.absent import teller
from hornbeam.compat.tensorflow.wrapping import axes, exported, function


def _transposed(x, transpose, adjoint):
    x = jnp.swapaxes(x, -1, -2) if transpose or adjoint else x
    return jnp.conj(x) if adjoint else x


@function
def matmul(a, b, transpose_a=False, transpose_b=False, adjoint_a=False, adjoint_b=False,
           a_is_sparse=False, b_is_sparse=False, output_type=None):
    """The product of matrices, or of batches of them.

    Args:
        a, b: Tensors of rank 2 or more.
        transpose_a, transpose_b, adjoint_a, adjoint_b: Bools, what is done to them before.
        a_is_sparse, b_is_sparse: TensorFlow's hints that many elements are 0.
        output_type: Dtype of the result.

    Raises:
        ValueError: for a vector: use `tf.linalg.matvec` or `tf.tensordot`.
    """
    a, b = jnp.asarray(a), jnp.asarray(b)
    if a.ndim < 2 or b.ndim < 2:
        raise ValueError(
            f"tf.matmul got shapes {a.shape} and {b.shape}; both must have two axes or more. "
            "Use tf.linalg.matvec or tf.tensordot for vectors."
        )
    result = _transposed(a, transpose_a, adjoint_a) @ _transposed(b, transpose_b, adjoint_b)
    return result if output_type is None else result.astype(str(output_type))


@function
def matvec(a, b, transpose_a=False, adjoint_a=False, a_is_sparse=False, b_is_sparse=False):
    """The product of matrices and vectors."""
    a = _transposed(jnp.asarray(a), transpose_a, adjoint_a)
    return jnp.einsum("...ij,...j->...i", a, jnp.asarray(b))


@function
def tensordot(a, b, axes):
    """Sums products over axes: their number, or a pair of lists of them."""
    pair = axes if np.ndim(axes) == 0 else [np.atleast_1d(np.asarray(x)).tolist() for x in axes]
    return jnp.tensordot(jnp.asarray(a), jnp.asarray(b), int(pair) if np.ndim(axes) == 0 else pair)


@function
def einsum(equation, *inputs, optimize="greedy", **kwargs):
    """Einstein's summation: `tf.einsum('bij,bjk->bik', a, b)`."""
    return jnp.einsum(equation.replace(" ", ""), *(jnp.asarray(x) for x in inputs))


@function
def matrix_transpose(a, conjugate=False):
    """Swaps the last two axes."""
    return _transposed(jnp.asarray(a), True, conjugate)


@function
def norm(tensor, ord="euclidean", axis=None, keepdims=None):
    """The norm of vectors (one axis), of matrices (two), or of all elements.

    Args:
        tensor: Tensor.
        ord: 'euclidean', 'fro', 1, 2, another number, or infinity.
        axis: One or two axes, or None.
        keepdims: Bool.
    """
    return _norm(tensor, ord, axis, keepdims)


def _norm(tensor, ord, axis, keepdims):
    x, axis = jnp.asarray(tensor), axes(axis)
    if ord in ("euclidean", "fro"):
        total = jnp.sum(jnp.square(jnp.abs(x)), axis, keepdims=bool(keepdims))
        return jnp.sqrt(total)
    if axis is None:
        x, axis = x.reshape(-1), 0
    return jnp.linalg.norm(x, ord, axis, bool(keepdims))


@function
def band_part(input, num_lower, num_upper):
    """Keeps so many diagonals below and above the main one (-1: all); the rest becomes 0."""
    x = jnp.asarray(input)
    rows, columns = jnp.arange(x.shape[-2])[:, None], jnp.arange(x.shape[-1])[None]
    low, high = jnp.asarray(num_lower), jnp.asarray(num_upper)
    inside = ((low < 0) | (rows - columns <= low)) & ((high < 0) | (columns - rows <= high))
    return jnp.where(inside, x, 0)


@function
def diag(diagonal, k=0, num_rows=-1, num_cols=-1, padding_value=0, align="RIGHT_LEFT"):
    """Matrices with these diagonals, the `k`-th above the main one.

    Raises:
        ValueError: for several diagonals.
    """
    x = jnp.asarray(diagonal)
    k = _one_diagonal(k)
    size = x.shape[-1] + abs(k)
    rows = size if num_rows in (-1, None) else int(num_rows)
    columns = size if num_cols in (-1, None) else int(num_cols)
    if num_rows not in (-1, None) or num_cols not in (-1, None):
        rows = rows if num_rows not in (-1, None) else x.shape[-1] + max(-k, 0)
        columns = columns if num_cols not in (-1, None) else x.shape[-1] + max(k, 0)
    places = jnp.arange(x.shape[-1])
    result = jnp.full((*x.shape[:-1], rows, columns), padding_value, x.dtype)
    return result.at[..., places + max(-k, 0), places + max(k, 0)].set(x)


def _one_diagonal(k):
    numbers = {int(item) for item in np.ravel(k)}
    if len(numbers) != 1:
        raise ValueError(f"k={k!r}: one diagonal at a time is provided.")
    return numbers.pop()


@function
def diag_part(input, k=0, padding_value=0, align="RIGHT_LEFT"):
    """The `k`-th diagonals of matrices."""
    return jnp.diagonal(jnp.asarray(input), _one_diagonal(k), -2, -1)


@function
def set_diag(input, diagonal, k=0, align="RIGHT_LEFT"):
    """Matrices with another `k`-th diagonal."""
    x, diagonal, k = jnp.asarray(input), jnp.asarray(diagonal), _one_diagonal(k)
    places = jnp.arange(diagonal.shape[-1])
    return x.at[..., places + max(-k, 0), places + max(k, 0)].set(diagonal)


@function
def tensor_diag(diagonal):
    """A tensor of twice the axes that has `diagonal` where both halves of the index agree."""
    x = jnp.asarray(diagonal)
    return jnp.diag(x.reshape(-1)).reshape(x.shape + x.shape)


@function
def tensor_diag_part(input):
    """Undoes `tensor_diag`."""
    x = jnp.asarray(input)
    half = x.shape[: x.ndim // 2]
    size = int(np.prod(half))
    return jnp.diagonal(x.reshape(size, size)).reshape(half)


@function
def trace(x):
    """The sum of the diagonal of matrices."""
    return jnp.trace(jnp.asarray(x), axis1=-2, axis2=-1)


@function
def det(input):
    """Determinants."""
    return jnp.linalg.det(jnp.asarray(input))


@function
def slogdet(input):
    """Signs and logarithms of the absolute values of determinants: a list of the two."""
    return list(jnp.linalg.slogdet(jnp.asarray(input)))


@function
def logdet(matrix):
    """Logarithms of determinants of positive definite matrices."""
    chol = jnp.linalg.cholesky(jnp.asarray(matrix))
    return 2 * jnp.sum(jnp.log(jnp.diagonal(chol, axis1=-2, axis2=-1)), -1)


@function
def inv(input, adjoint=False):
    """Inverses of matrices."""
    return _transposed(jnp.linalg.inv(jnp.asarray(input)), False, adjoint)


@function
def pinv(a, rcond=None):
    """Pseudo-inverses of matrices."""
    return jnp.linalg.pinv(jnp.asarray(a), rtol=rcond)


@function
def cholesky(input):
    """The lower triangular factors of positive definite matrices."""
    return jnp.linalg.cholesky(jnp.asarray(input))


@function
def cholesky_solve(chol, rhs):
    """Solves `a @ x = rhs` by the Cholesky factor of `a`."""
    return scipy_linalg.cho_solve((jnp.asarray(chol), True), jnp.asarray(rhs))


@function
def solve(matrix, rhs, adjoint=False):
    """Solves `matrix @ x = rhs`."""
    return jnp.linalg.solve(_transposed(jnp.asarray(matrix), False, adjoint), jnp.asarray(rhs))


@function
def triangular_solve(matrix, rhs, lower=True, adjoint=False):
    """Solves `matrix @ x = rhs` of triangular matrices."""
    return scipy_linalg.solve_triangular(
        jnp.asarray(matrix), jnp.asarray(rhs), trans=2 if adjoint else 0, lower=bool(lower)
    )


@function
def lstsq(matrix, rhs, l2_regularizer=0.0, fast=True):
    """Least squares: the `x` that makes `matrix @ x - rhs` smallest, and itself a little."""
    a, b = jnp.asarray(matrix), jnp.asarray(rhs)
    if l2_regularizer == 0.0 and not fast:
        return jnp.linalg.pinv(a) @ b
    transposed = jnp.swapaxes(a, -1, -2)
    gram = transposed @ a + l2_regularizer * jnp.eye(a.shape[-1], dtype=a.dtype)
    return jnp.linalg.solve(gram, transposed @ b)


@function
def qr(input, full_matrices=False):
    """Orthogonal and upper triangular factors: a list of the two."""
    return list(jnp.linalg.qr(jnp.asarray(input), "complete" if full_matrices else "reduced"))


@function
def _svd(tensor, full_matrices):
    u, s, v = jnp.linalg.svd(jnp.asarray(tensor), full_matrices=full_matrices)
    return [s, u, jnp.conj(jnp.swapaxes(v, -1, -2))]


@function
def _singular_values(tensor):
    return jnp.linalg.svd(jnp.asarray(tensor), compute_uv=False)


def svd(tensor, full_matrices=False, compute_uv=True, name=None):
    """Singular values: `[s, u, v]`, where `tensor = u @ diag(s) @ transpose(v)`; or `s` alone."""
    if not compute_uv:
        return _singular_values(tensor, name=name)
    return _svd(tensor, bool(full_matrices), name=name)


@function
def eigh(tensor):
    """Eigenvalues and eigenvectors of symmetric matrices: a list of the two."""
    return list(jnp.linalg.eigh(jnp.asarray(tensor)))


@function
def eigvalsh(tensor):
    """Eigenvalues of symmetric matrices."""
    return jnp.linalg.eigvalsh(jnp.asarray(tensor))


@function
def eig(tensor):
    """Eigenvalues and eigenvectors, complex: a list of the two. On a CPU only."""
    return list(jnp.linalg.eig(jnp.asarray(tensor)))


@function
def eigvals(tensor):
    """Eigenvalues, complex. On a CPU only."""
    return jnp.linalg.eigvals(jnp.asarray(tensor))


@function
def expm(input):
    """The exponential of matrices."""
    return jnp.vectorize(scipy_linalg.expm, signature="(n,n)->(n,n)")(jnp.asarray(input))


@function
def sqrtm(input):
    """The square root of a matrix, by its eigenvalues: for symmetric positive ones."""
    values, vectors = jnp.linalg.eigh(jnp.asarray(input))
    return (vectors * jnp.sqrt(values)[..., None, :]) @ jnp.swapaxes(vectors, -1, -2)


@function
def cross(a, b):
    """Cross products of vectors of three elements."""
    return jnp.cross(jnp.asarray(a), jnp.asarray(b))


@function
def matrix_rank(a, tol=None):
    """The rank of matrices."""
    return jnp.linalg.matrix_rank(jnp.asarray(a), rtol=tol).astype("int32")


@function
def normalize(tensor, ord="euclidean", axis=None):
    """Divides by the norm over `axis`: a list of the result and the norm."""
    x = jnp.asarray(tensor)
    length = _norm(x, ord, axis, True)
    return [x / length, length]


@function
def adjoint(matrix):
    """Transposed and conjugated matrices."""
    return _transposed(jnp.asarray(matrix), False, True)


_ELSEWHERE = {
    "eye": shaping.eye, "global_norm": shaping.global_norm, "l2_normalize": math.l2_normalize,
}  # fmt: skip
globals().update(_ELSEWHERE)

__all__ = sorted({*exported(globals()), *_ELSEWHERE})


__getattr__ = teller("linalg")
