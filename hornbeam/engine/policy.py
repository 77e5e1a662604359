"""`Policy`: in which dtypes a layer computes and keeps its weights."""

from hornbeam.backend.config import floatx
from hornbeam.backend.tensors import dtype_name

_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
_CONFIGS = ("Policy", "PolicyV1", "DTypePolicy", "FloatDTypePolicy")
HALVES = frozenset(_MIXED.values())


class Policy:
    """In which dtypes a layer computes and keeps its weights.

    Args:
        name: `'mixed_float16'` or `'mixed_bfloat16'`: layers keep their weights in float32 and
            compute in 16 bits. Or the name of a dtype, `'float32'`, `'float64'`, `'float16'`,
            `'bfloat16'`: layers do both in it.

    Attributes:
        name: As given.
        compute_dtype: Name of the dtype to which a layer's floating inputs are cast, and its
            weights as it reads them.
        variable_dtype: Name of the dtype of a layer's weights.

    Raises:
        TypeError: if the name is no string.
        ValueError: for another name.

    Example:
        >>> Policy("mixed_float16").compute_dtype
        'float16'

    Source: tf.keras 2; Micikevicius et al. 2018, arXiv:1710.03740.
    """

    def __init__(self, name):
        if not isinstance(name, str):
            raise TypeError(f"'name' must be a string, but got: {name!r}")
        if name in _MIXED:
            compute, variable = _MIXED[name], "float32"
        else:
            try:
                compute = variable = str(dtype_name(name))
            except ValueError:
                raise ValueError(
                    f"Cannot convert value {name!r} to a mixed precision Policy. Valid policies "
                    "include 'mixed_float16', 'mixed_bfloat16', and the name of any dtype such "
                    "as 'float32'."
                ) from None
        self._name, self._compute, self._variable = str(name), compute, variable

    @property
    def name(self):
        return self._name

    @property
    def compute_dtype(self):
        return self._compute

    @property
    def variable_dtype(self):
        return self._variable

    @property
    def is_mixed(self):
        """Whether layers compute in another dtype than that of their weights."""
        return self._compute != self._variable

    @property
    def loss_scaling(self):
        """Arguments of the `LossScaleOptimizer` that `compile` makes; None if it makes none."""
        return {} if self._name == "mixed_float16" else None

    def __repr__(self):
        return f'<{type(self).__name__} "{self._name}">'

    def __eq__(self, other):
        return isinstance(other, Policy) and other.get_config() == self.get_config()

    def __hash__(self):
        return hash(self._name)

    def get_config(self):
        """Returns the arguments of the constructor, as a dict."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config):
        """Makes a policy from what `get_config` returned."""
        config = {name: value for name, value in config.items() if name != "loss_scale"}
        return cls(**config)


_global = None


def global_policy():
    """Returns the policy of layers that are given no `dtype`: as set, or that of `floatx()`."""
    return _global if _global is not None else Policy(floatx())


def set_global_policy(policy):
    """Sets the policy of the layers made from here on that are given no `dtype`.

    Args:
        policy: `Policy`, the name of one, or None for that of `floatx()`.

    Raises:
        ValueError: if layers would compute in no floating dtype.

    Example:
        >>> set_global_policy("mixed_bfloat16")
    """
    global _global
    policy = None if policy is None else policy_of(policy)
    if policy is not None and "float" not in policy.compute_dtype:
        raise ValueError(
            "set_global_policy can only be used to set the global policy to floating-point "
            f"policies, such as 'float32' and 'mixed_float16', but got policy: {policy.name}"
        )
    _global = policy


def policy_of(dtype):
    """Returns the policy that a layer's argument `dtype` stands for.

    Args:
        dtype: `Policy`, the name of one, a config of one, a dtype, or None for the global one.
    """
    if dtype is None:
        return global_policy()
    if isinstance(dtype, Policy):
        return dtype
    if isinstance(dtype, dict):
        name = dtype.get("config", {}).get("name")
        if dtype.get("class_name") not in _CONFIGS or not isinstance(name, str):
            raise ValueError(
                f"Cannot make a dtype policy of {str(dtype)[:200]}. Expected the config of a "
                "Policy, such as {'class_name': 'Policy', 'config': {'name': 'mixed_float16'}}."
            )
        return Policy(name)
    if isinstance(dtype, str) and dtype in _MIXED:
        return Policy(dtype)
    if isinstance(getattr(dtype, "compute_dtype", None), str):
        return Policy(dtype.name)  # another library's
    return Policy(str(dtype_name(dtype)))


def mixed_policy(dtype):
    """Returns the policy that `dtype` stands for if it is a mixed one, else None.

    Args:
        dtype: As for `policy_of`.
    """
    if dtype is None:
        policy = _global
    elif isinstance(dtype, (Policy, dict)) or dtype in _MIXED:
        policy = policy_of(dtype)
    else:
        return None
    return policy if policy is not None and policy.is_mixed else None


def variable_dtype(dtype):
    """Returns the dtype of the weights that a layer's argument `dtype` stands for.

    Args:
        dtype: As for `policy_of`.
    """
    if (dtype is None and _global is not None) or isinstance(dtype, (Policy, dict)):
        dtype = policy_of(dtype).variable_dtype
    elif isinstance(dtype, str) and dtype in _MIXED:
        dtype = "float32"
    return dtype_name(dtype)


def serialize(policy):
    """Returns a policy as a config: of a mixed one a dict, of another one its name."""
    if not policy.is_mixed:
        return policy.name
    return {
        "module": "keras.mixed_precision",
        "class_name": "Policy",
        "config": policy.get_config(),
        "registered_name": None,
    }


def taken_dtype(dtype, compute):
    """Returns the dtype in which a layer takes an input.

    Args:
        dtype: Name of the input's dtype.
        compute: Name of the dtype in which the layer computes.

    Floating inputs become `compute` where one of the two has 16 bits. Between 32 and 64 bits the
    wider one is kept, as Keras without policies does.
    """
    if dtype != compute and "float" in dtype and (dtype in HALVES or compute in HALVES):
        return compute
    return dtype
