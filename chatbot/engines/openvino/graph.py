"""A decoder of the Llama family as an OpenVINO graph, its weights in 8 bits.

The graph has the form that GenAI's continuous batching expects: stateful, with `beam_idx`, so that its transformation
to paged attention (Kwon et al., "Efficient Memory Management for Large Language Model Serving with PagedAttention",
2023) finds the keys and values. Query, key and value are one matrix, gate and up another, because in a model this small
the overhead of a node outweighs its arithmetic.

Weights are symmetric int8 with a scale for every 64 values of a row. On the persona's lines that agrees with the
original on 0.97 of next tokens; one scale for a whole row, on 0.93. At run time the plugin quantises activations to
int8 as well, where the processor has instructions for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatbot.conversion import quantised
from chatbot.errors import ConversionError

FAMILIES = ("llama", "mistral", "qwen2", "qwen3")
MASKED = -65504.0  # the least half float; a smaller number would become minus infinity in that precision


@dataclass(frozen=True)
class Shape:
    """The sizes of a model, as its `config.json` states them.

    Attributes:
        layers: of the decoder.
        heads, kv_heads: attention heads of the queries, and of the keys and values.
        head_dim: the size of a head.
        eps: added to the mean square before its root is taken (RMSNorm).
        theta: the base of the rotary embedding's wavelengths.
    """

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
            ConversionError: it is of another family, or uses what this graph does not implement.
        """
        family = config.get("model_type")
        if family not in FAMILIES:
            raise ConversionError(f"models of the family '{family}' are not supported, only {', '.join(FAMILIES)}")
        rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
        kind = rope.get("rope_type", rope.get("type", "default"))
        if kind != "default":
            raise ConversionError(f"rotary positions scaled by '{kind}' are not supported")
        if config.get("sliding_window") and config.get("use_sliding_window", True):
            raise ConversionError("attention within a sliding window is not supported")
        if config.get("hidden_act", "silu") != "silu":
            raise ConversionError(f"the activation '{config['hidden_act']}' is not supported")
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
        weights: float arrays by their names in transformers; without `lm_head.weight`, the embedding is the output
            matrix too (tied).

    Raises:
        ConversionError: the model has parts that this graph does not implement.
    """
    return _Builder(Shape.stated_by(config), weights).build()


def graph_input(name: str, kind: str, shape: Sequence[int]) -> Any:
    """A named input of a graph.

    Args:
        name: by which it is fed.
        kind: its type, 'i32' or 'i64'.
        shape: with -1 for every size that is known only at run time.
    """
    from openvino import PartialShape, Type
    from openvino import opset13 as op

    parameter = op.parameter(PartialShape(list(shape)), getattr(Type, kind), name=name)
    parameter.output(0).get_tensor().set_names({name})
    return parameter


class _Builder:
    def __init__(self, shape: Shape, weights: Mapping[str, Any]) -> None:
        self._shape = shape
        self._weights = weights
        self._used: set[str] = set()
        self._sinks: list[Any] = []  # the nodes that store keys and values between calls

    def build(self) -> Any:
        from openvino import Model
        from openvino import opset13 as op

        ids, mask = graph_input("input_ids", "i64", [-1, -1]), graph_input("attention_mask", "i64", [-1, -1])
        positions = graph_input("position_ids", "i64", [-1, -1])
        self._beams = graph_input("beam_idx", "i32", [-1])
        self._batch = self._dimension(ids, 0)
        visible = self._visible(ids, mask)
        rotation = self._rotation(positions)
        embedding = self._matrix("model.embed_tokens.weight")
        hidden = op.gather(embedding, op.convert(ids, "i32"), self._const(0, "int32"))  # (batch, tokens, width)
        for number in range(self._shape.layers):
            hidden = self._layer(number, hidden, rotation, visible)
        hidden = self._norm(hidden, "model.norm.weight")
        output = self._matrix("lm_head.weight") if "lm_head.weight" in self._weights else embedding
        logits = op.result(op.matmul(hidden, output, False, True))
        logits.output(0).get_tensor().set_names({"logits"})
        unused = sorted(name for name in set(self._weights) - self._used if not name.endswith("inv_freq"))
        if unused:
            raise ConversionError(f"the model has parts that are not supported, such as {unused[0]}")
        return Model([logits], self._sinks, [ids, mask, positions, self._beams], "decoder")

    # ------------------------------------------------------------------ the parts of a decoder

    def _layer(self, number: int, hidden: Any, rotation: tuple[Any, Any], visible: Any) -> Any:
        """(batch, tokens, width) -> the same: attention, then a gated feed-forward network, each added to its input."""
        from openvino import opset13 as op

        name = f"model.layers.{number}."
        attended = self._attention(number, self._norm(hidden, name + "input_layernorm.weight"), rotation, visible)
        hidden = op.add(hidden, attended)
        inner = self._norm(hidden, name + "post_attention_layernorm.weight")
        both = self._linear(inner, [name + "mlp.gate_proj", name + "mlp.up_proj"])
        gate, up = op.split(both, self._const(-1), 2).outputs()
        return op.add(hidden, self._linear(op.multiply(op.swish(gate), up), [name + "mlp.down_proj"]))

    def _attention(self, number: int, hidden: Any, rotation: tuple[Any, Any], visible: Any) -> Any:
        from openvino import opset13 as op

        shape, name = self._shape, f"model.layers.{number}.self_attn."
        queries, keys = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
        joint = self._linear(hidden, [name + "q_proj", name + "k_proj", name + "v_proj"])
        q, k, v = op.variadic_split(joint, self._const(-1), self._const([queries, keys, keys])).outputs()
        q, k = self._heads(q, shape.heads, name + "q_norm"), self._heads(k, shape.kv_heads, name + "k_norm")
        q, k, v = self._rotated(q, rotation), self._rotated(k, rotation), self._heads(v, shape.kv_heads)
        k, v = self._with_past(number, "key", k), self._with_past(number, "value", v)
        scale = self._const(shape.head_dim**-0.5, "float32")
        mixed = op.scaled_dot_product_attention(q, self._repeated(k), self._repeated(v), visible, scale, False)
        flat = op.transpose(mixed, self._const([0, 2, 1, 3]))  # (batch, tokens, heads, head_dim)
        return self._linear(op.reshape(flat, self._const([0, 0, queries]), True), [name + "o_proj"])

    def _heads(self, value: Any, heads: int, norm: str = "") -> Any:
        """(batch, tokens, heads * head_dim) -> (batch, heads, tokens, head_dim); normed where the model has `norm`."""
        from openvino import opset13 as op

        apart = op.reshape(value, self._const([0, 0, heads, self._shape.head_dim]), True)
        if norm and norm + ".weight" in self._weights:
            apart = self._norm(apart, norm + ".weight")
        return op.transpose(apart, self._const([0, 2, 1, 3]))

    def _with_past(self, number: int, part: str, value: Any) -> Any:
        """A layer's keys or values of earlier calls with `value` appended: (batch, kv_heads, past + tokens, head_dim).

        GenAI's transformation knows the state by this name and by the gather with `beam_idx`.
        """
        from openvino import PartialShape, Type
        from openvino import opset13 as op

        heads, head_dim = self._shape.kv_heads, self._shape.head_dim
        name = f"past_key_values.{number}.{part}present.{number}.{part}"
        size = op.concat([self._batch, self._const([heads, 0, head_dim])], 0)
        empty = op.broadcast(self._const(0.0, "float32"), size)  # the state before the first call
        past = op.read_value(empty, name, Type.f32, PartialShape([-1, heads, -1, head_dim]))
        joined = op.concat([op.gather(past, self._beams, self._const(0, "int32")), value], 2)
        self._sinks.append(op.assign(joined, name))
        return joined

    def _repeated(self, value: Any) -> Any:
        """Each key/value head as often as query heads share it (grouped-query attention).

        (batch, kv_heads, tokens, head_dim) -> (batch, heads, tokens, head_dim).
        """
        from openvino import opset13 as op

        shape = self._shape
        groups = shape.heads // shape.kv_heads
        if groups == 1:
            return value
        sizes = op.shape_of(value)
        before, after = (op.gather(sizes, self._const(at), self._const(0)) for at in ([0, 1], [2, 3]))
        wide = op.concat([before, self._const([groups]), after], 0)  # (batch, kv_heads, groups, tokens, head_dim)
        copies = op.broadcast(op.unsqueeze(value, self._const(2)), wide, "BIDIRECTIONAL")
        return op.reshape(copies, self._const([0, shape.heads, -1, shape.head_dim]), True)

    def _rotation(self, positions: Any) -> tuple[Any, Any]:
        """Cosine and sine of rotary position embedding (Su et al., "RoFormer", 2021): (batch, 1, tokens, head_dim)."""
        import numpy as np
        from openvino import opset13 as op

        size = self._shape.head_dim
        rates = 1.0 / self._shape.theta ** (np.arange(0, size, 2, dtype=np.float32) / size)  # radians a position
        rows = op.convert(op.unsqueeze(positions, self._const(1)), "f32")  # (batch, 1, tokens)
        angles = op.matmul(op.constant(rates.reshape(1, -1, 1)), rows, False, False)  # (batch, head_dim / 2, tokens)
        angles = op.transpose(angles, self._const([0, 2, 1]))
        angles = op.concat([angles, angles], -1)
        return op.unsqueeze(op.cos(angles), self._const(1)), op.unsqueeze(op.sin(angles), self._const(1))

    def _rotated(self, value: Any, rotation: tuple[Any, Any]) -> Any:
        """Turn each pair of numbers (n, n + head_dim / 2) by its position's angle; the shape stays."""
        from openvino import opset13 as op

        cos, sin = rotation
        first, second = op.split(value, self._const(-1), 2).outputs()
        across = op.concat([op.multiply(second, self._const(-1.0, "float32")), first], -1)
        return op.add(op.multiply(value, cos), op.multiply(across, sin))

    def _norm(self, value: Any, name: str) -> Any:
        """Root mean square norm (Zhang and Sennrich, 2019) over the last axis."""
        from openvino import opset13 as op

        square = op.reduce_mean(op.power(value, self._const(2.0, "float32")), self._const([-1]), True)
        root = op.sqrt(op.add(square, self._const(self._shape.eps, "float32")))
        scaled = op.multiply(value, op.divide(self._const(1.0, "float32"), root))
        return op.multiply(op.constant(self._take(name).astype("float32")), scaled)

    def _visible(self, ids: Any, mask: Any) -> Any:
        """0 where a token may look, `MASKED` elsewhere, added to attention's scores: (batch, 1, tokens, past + tokens).

        A token sees itself and what comes before it, except padding.
        """
        from openvino import opset13 as op

        zero, one = self._const(0), self._const(1)
        new, total = op.squeeze(self._dimension(ids, 1), zero), op.squeeze(self._dimension(mask, 1), zero)
        rows = op.add(op.range(zero, new, one, "i64"), op.subtract(total, new))  # the positions of the new tokens
        columns = op.range(zero, total, one, "i64")
        causal = op.less_equal(op.unsqueeze(columns, zero), op.unsqueeze(rows, one))  # (tokens, past + tokens)
        unpadded = op.unsqueeze(op.unsqueeze(op.convert(mask, "boolean"), one), one)  # (batch, 1, 1, past + tokens)
        both = op.logical_and(op.unsqueeze(op.unsqueeze(causal, zero), zero), unpadded)
        return op.select(both, self._const(0.0, "float32"), self._const(MASKED, "float32"))

    # ------------------------------------------------------------------ weights and constants

    def _linear(self, value: Any, names: list[str]) -> Any:
        """`value` times the matrices `names`, stacked, plus their biases where the model has them.

        (batch, tokens, in) -> (batch, tokens, sum of the matrices' outputs).
        """
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

    def _dimension(self, value: Any, axis: int) -> Any:
        """The size of an axis at run time, shape (1,)."""
        from openvino import opset13 as op

        return op.gather(op.shape_of(value), self._const([axis]), self._const(0))

    def _const(self, value: Any, kind: str = "int64") -> Any:
        import numpy as np
        from openvino import opset13 as op

        return op.constant(np.array(value, dtype=kind))
