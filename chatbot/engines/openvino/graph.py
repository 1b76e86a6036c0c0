"""A decoder of the Llama family as an OpenVINO graph, its weights in 8 bits.

The graph is the one that GenAI's continuous batching expects: stateful, with `beam_idx`, so that its pass for paged
attention (Kwon et al., "Efficient Memory Management for Large Language Model Serving with PagedAttention", 2023) finds
the keys and values. Query, key and value are one matrix, gate and up another: fewer nodes cost less than their
arithmetic in a model as small as this.

Weights are symmetric int8 with a scale for every 64 of a row: on the persona's lines that agrees with the original on
0.97 of next tokens, one scale a row on 0.93. At run time the plugin quantises activations to int8 as well, where the
processor has instructions for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatbot.conversion import quantised
from chatbot.errors import ConversionError

FAMILIES = ("llama", "mistral", "qwen2", "qwen3")
MASKED = -65504.0  # the most negative half float, so that no precision turns it into infinity


@dataclass(frozen=True)
class Shape:
    """The sizes of a model, as its `config.json` states them."""

    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    eps: float
    theta: float

    @classmethod
    def stated_by(cls, config: Mapping[str, Any]) -> Shape:
        """The shape of a model with this configuration.

        Raises:
            ConversionError: it is of another family, or has what this graph has not.
        """
        family = config.get("model_type")
        if family not in FAMILIES:
            raise ConversionError(f"models of the family '{family}' are not known here, only {', '.join(FAMILIES)}")
        rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
        kind = rope.get("rope_type", rope.get("type", "default"))
        if kind != "default":
            raise ConversionError(f"positions scaled by '{kind}' are not known here")
        if config.get("sliding_window") and config.get("use_sliding_window", True):
            raise ConversionError("attention within a sliding window is not known here")
        if config.get("hidden_act", "silu") != "silu":
            raise ConversionError(f"the activation '{config['hidden_act']}' is not known here")
        heads = int(config["num_attention_heads"])
        return cls(
            layers=int(config["num_hidden_layers"]),
            heads=heads,
            kv_heads=int(config.get("num_key_value_heads") or heads),
            head_dim=int(config.get("head_dim") or config["hidden_size"] // heads),
            eps=float(config["rms_norm_eps"]),
            theta=float(rope.get("rope_theta") or config.get("rope_theta") or 10000.0),
        )


def build_graph(config: Mapping[str, Any], weights: Mapping[str, Any]) -> Any:
    """The `openvino.Model` of a decoder: token ids in, logits of shape (batch, tokens, vocabulary) out.

    Args:
        config: as in `config.json`.
        weights: float arrays by their names in transformers; the output matrix may be missing where it is tied.

    Raises:
        ConversionError: the model has parts that this graph has not.
    """
    return _Builder(Shape.stated_by(config), weights).build()


class _Builder:
    def __init__(self, shape: Shape, weights: Mapping[str, Any]) -> None:
        self._shape = shape
        self._weights = weights
        self._used: set[str] = set()
        self._sinks: list[Any] = []

    def build(self) -> Any:
        from openvino import Model
        from openvino import opset13 as op

        ids, mask = self._input("input_ids", "i64", 2), self._input("attention_mask", "i64", 2)
        places, self._beams = self._input("position_ids", "i64", 2), self._input("beam_idx", "i32", 1)
        self._batch = self._dimension(ids, 0)
        allowed = self._allowed(ids, mask)
        turn = self._rotation(places)
        embedding = self._matrix("model.embed_tokens.weight")
        tokens = op.convert(ids, "i32")
        stream = op.gather(embedding, tokens, self._const(0, "int32"))
        for number in range(self._shape.layers):
            stream = self._layer(number, stream, turn, allowed)
        stream = self._norm(stream, "model.norm.weight")
        head = self._matrix("lm_head.weight") if "lm_head.weight" in self._weights else embedding
        logits = op.result(op.matmul(stream, head, False, True))
        logits.output(0).get_tensor().set_names({"logits"})
        left = sorted(name for name in set(self._weights) - self._used if not name.endswith("inv_freq"))
        if left:
            raise ConversionError(f"the model has parts that are not known here, such as {left[0]}")
        return Model([logits], self._sinks, [ids, mask, places, self._beams], "decoder")

    # ------------------------------------------------------------------ the parts of a decoder

    def _layer(self, number: int, stream: Any, turn: tuple[Any, Any], allowed: Any) -> Any:
        from openvino import opset13 as op

        name = f"model.layers.{number}."
        attended = self._attention(number, self._norm(stream, name + "input_layernorm.weight"), turn, allowed)
        stream = op.add(stream, attended)
        inner = self._norm(stream, name + "post_attention_layernorm.weight")
        both = self._linear(inner, [name + "mlp.gate_proj", name + "mlp.up_proj"])
        gate, up = op.split(both, self._const(-1), 2).outputs()
        return op.add(stream, self._linear(op.multiply(op.swish(gate), up), [name + "mlp.down_proj"]))

    def _attention(self, number: int, stream: Any, turn: tuple[Any, Any], allowed: Any) -> Any:
        from openvino import opset13 as op

        shape, name = self._shape, f"model.layers.{number}.self_attn."
        queries, keys = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
        joint = self._linear(stream, [name + "q_proj", name + "k_proj", name + "v_proj"])
        q, k, v = op.variadic_split(joint, self._const(-1), self._const([queries, keys, keys])).outputs()
        q, k = self._heads(q, shape.heads, name + "q_norm"), self._heads(k, shape.kv_heads, name + "k_norm")
        q, k, v = self._rotated(q, turn), self._rotated(k, turn), self._heads(v, shape.kv_heads)
        k, v = self._remembered(number, "key", k), self._remembered(number, "value", v)
        mixed = op.scaled_dot_product_attention(
            q, self._repeated(k), self._repeated(v), allowed, self._const(shape.head_dim**-0.5, "float32"), False
        )
        flat = op.transpose(mixed, self._const([0, 2, 1, 3]))
        return self._linear(op.reshape(flat, self._const([0, 0, queries]), True), [name + "o_proj"])

    def _heads(self, value: Any, heads: int, norm: str = "") -> Any:
        """(batch, tokens, heads * head_dim) -> (batch, heads, tokens, head_dim)."""
        from openvino import opset13 as op

        apart = op.reshape(value, self._const([0, 0, heads, self._shape.head_dim]), True)
        if norm and norm + ".weight" in self._weights:
            apart = self._norm(apart, norm + ".weight")
        return op.transpose(apart, self._const([0, 2, 1, 3]))

    def _remembered(self, number: int, part: str, value: Any) -> Any:
        """What came before, and `value` behind it."""
        from openvino import PartialShape, Type
        from openvino import opset13 as op

        heads, head_dim = self._shape.kv_heads, self._shape.head_dim
        name = f"past_key_values.{number}.{part}present.{number}.{part}"
        empty = op.broadcast(
            self._const(0.0, "float32"), op.concat([self._batch, self._const([heads, 0, head_dim])], 0)
        )
        past = op.read_value(empty, name, Type.f32, PartialShape([-1, heads, -1, head_dim]))
        whole = op.concat([op.gather(past, self._beams, self._const(0, "int32")), value], 2)
        self._sinks.append(op.assign(whole, name))
        return whole

    def _repeated(self, value: Any) -> Any:
        """Every key/value head as often as query heads share it (grouped-query attention)."""
        from openvino import opset13 as op

        shape = self._shape
        groups = shape.heads // shape.kv_heads
        if groups == 1:
            return value
        sizes = op.shape_of(value)
        before, behind = (op.gather(sizes, self._const(at), self._const(0)) for at in ([0, 1], [2, 3]))
        wide = op.broadcast(
            op.unsqueeze(value, self._const(2)), op.concat([before, self._const([groups]), behind], 0), "BIDIRECTIONAL"
        )
        return op.reshape(wide, self._const([0, shape.heads, -1, shape.head_dim]), True)

    def _rotation(self, places: Any) -> tuple[Any, Any]:
        """Cosine and sine of rotary position embedding (Su et al., "RoFormer", 2021): (batch, 1, tokens, head_dim)."""
        import numpy as np
        from openvino import opset13 as op

        size = self._shape.head_dim
        rates = 1.0 / self._shape.theta ** (np.arange(0, size, 2, dtype=np.float32) / size)
        columns = op.convert(op.unsqueeze(places, self._const(1)), "f32")
        angles = op.transpose(
            op.matmul(op.constant(rates.reshape(1, -1, 1)), columns, False, False), self._const([0, 2, 1])
        )
        angles = op.concat([angles, angles], -1)
        return op.unsqueeze(op.cos(angles), self._const(1)), op.unsqueeze(op.sin(angles), self._const(1))

    def _rotated(self, value: Any, turn: tuple[Any, Any]) -> Any:
        from openvino import opset13 as op

        first, second = op.split(value, self._const(-1), 2).outputs()
        across = op.concat([op.multiply(second, self._const(-1.0, "float32")), first], -1)
        return op.add(op.multiply(value, turn[0]), op.multiply(across, turn[1]))

    def _norm(self, value: Any, name: str) -> Any:
        """Root mean square norm (Zhang and Sennrich, 2019) over the last axis."""
        from openvino import opset13 as op

        square = op.reduce_mean(op.power(value, self._const(2.0, "float32")), self._const([-1]), True)
        root = op.sqrt(op.add(square, self._const(self._shape.eps, "float32")))
        scaled = op.multiply(value, op.divide(self._const(1.0, "float32"), root))
        return op.multiply(op.constant(self._take(name).astype("float32")), scaled)

    def _allowed(self, ids: Any, mask: Any) -> Any:
        """What each token may look at, to be added to the scores: (batch, 1, tokens, past + tokens)."""
        from openvino import opset13 as op

        zero, one = self._const(0), self._const(1)
        new, whole = op.squeeze(self._dimension(ids, 1), zero), op.squeeze(self._dimension(mask, 1), zero)
        rows = op.add(op.range(zero, new, one, "i64"), op.subtract(whole, new))
        earlier = op.less_equal(op.unsqueeze(op.range(zero, whole, one, "i64"), zero), op.unsqueeze(rows, one))
        there = op.unsqueeze(op.unsqueeze(op.convert(mask, "boolean"), one), one)
        both = op.logical_and(op.unsqueeze(op.unsqueeze(earlier, zero), zero), there)
        return op.select(both, self._const(0.0, "float32"), self._const(MASKED, "float32"))

    # ------------------------------------------------------------------ constants, inputs, weights

    def _linear(self, value: Any, names: list[str]) -> Any:
        """The matrices `names`, one below the other, times `value`; with their biases where they have some."""
        import numpy as np
        from openvino import opset13 as op

        rows = np.concatenate([self._take(f"{name}.weight") for name in names])
        product = op.matmul(value, quantised(rows), False, True)
        if f"{names[0]}.bias" in self._weights:
            bias = np.concatenate([self._take(f"{name}.bias") for name in names])
            product = op.add(product, op.constant(bias.astype("float32")))
        return product

    def _matrix(self, name: str) -> Any:
        return quantised(self._take(name))

    def _take(self, name: str) -> Any:
        if name not in self._weights:
            raise ConversionError(f"the model has no {name}")
        self._used.add(name)
        return self._weights[name]

    def _input(self, name: str, kind: str, rank: int) -> Any:
        from openvino import PartialShape, Type
        from openvino import opset13 as op

        parameter = op.parameter(PartialShape([-1] * rank), getattr(Type, kind), name=name)
        parameter.output(0).get_tensor().set_names({name})
        return parameter

    def _dimension(self, value: Any, axis: int) -> Any:
        from openvino import opset13 as op

        return op.gather(op.shape_of(value), self._const([axis]), self._const(0))

    def _const(self, value: Any, kind: str = "int64") -> Any:
        import numpy as np
        from openvino import opset13 as op

        return op.constant(np.array(value, dtype=kind))
