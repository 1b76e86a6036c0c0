"""The converted base model as a scorer: token ids in, log-probabilities of chosen tokens out.

GenAI's pipeline computes no logits for a prompt but the last ones. So the same graph is compiled a second time, with
another end: the stream is gathered where tokens are asked for before it meets the output matrix, which is a fifth of
the arithmetic otherwise, and only their log-probabilities leave the graph. It keeps no keys and values, for every text
is read in one piece; without them the plugin fuses attention, which needs less memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatbot.conversion import GRAPH
from chatbot.engines import Batch
from chatbot.engines.openvino.models import Converted
from chatbot.errors import ConversionError


class OpenVinoScorer:
    """A `Scorer` in OpenVINO; takes about two seconds to load.

    Args:
        model: the converted base.
        properties: of the plugin.

    Raises:
        ConversionError: the model cannot be loaded.
    """

    def __init__(self, model: Converted, properties: Mapping[str, Any]) -> None:
        import openvino

        self.window = model.window
        try:
            core = openvino.Core()
            graph = scoring_graph(core.read_model(model.folder / GRAPH))
            self._request = core.compile_model(graph, "CPU", dict(properties)).create_infer_request()
        except RuntimeError as error:
            raise ConversionError(
                f"OpenVINO cannot load {model.folder}: {error}. Remove the folder; it is made anew."
            ) from error

    def score(self, batch: Batch) -> list[float]:
        """Natural log-probabilities of the batch's targets, shape (scored,)."""
        import numpy as np

        texts, tokens = batch.ids.shape
        result = self._request.infer(
            {
                "input_ids": batch.ids,
                "attention_mask": np.ones_like(batch.ids),  # a token sees nothing behind it, so no padding
                "position_ids": np.tile(np.arange(tokens), (texts, 1)),
                "rows": batch.rows,
                "targets": batch.targets[:, None],
            }
        )
        scores: list[float] = result["scores"][:, 0].tolist()
        return scores


def scoring_graph(graph: Any) -> Any:
    """The `openvino.Model` of a decoder with another end; `graph`, as `openvino_graph` builds it, is used up.

    Inputs are those of the decoder but for `beam_idx`, and `rows` (scored,) and `targets` (scored, 1), as in `Batch`;
    the output is `scores`, of shape (scored, 1).
    """
    import numpy as np
    from openvino import Model, Type
    from openvino import opset13 as op

    for sink in graph.get_sinks():
        remembered = sink.input_value(0).get_node()  # what came before, and the new behind it
        remembered.output(0).replace(remembered.input_value(1))
    product = graph.get_results()[0].input_value(0).get_node()
    stream, head = product.input_value(0), product.input_value(1)
    rows, targets = _input("rows", Type.i64, [-1]), _input("targets", Type.i64, [-1, 1])
    first, last = op.constant(np.array(0)), op.constant(np.array([1]))
    width = stream.get_partial_shape()[-1].get_length()
    flat = op.reshape(stream, op.constant(np.array([-1, width])), False)
    logits = op.matmul(op.gather(flat, rows, first), head, False, True)
    # The same as log_softmax, which would write all of the vocabulary once more.
    above = op.subtract(logits, op.reduce_max(logits, last, True))
    whole = op.log(op.reduce_sum(op.exp(above), last, True))
    scores = op.result(op.subtract(op.gather_elements(above, targets, 1), whole))
    scores.output(0).get_tensor().set_names({"scores"})
    inputs = [part for part in graph.get_parameters() if "beam_idx" not in part.output(0).get_names()]
    return Model([scores], [*inputs, rows, targets], "scorer")


def _input(name: str, kind: Any, shape: list[int]) -> Any:
    from openvino import PartialShape
    from openvino import opset13 as op

    parameter = op.parameter(PartialShape(shape), kind, name=name)
    parameter.output(0).get_tensor().set_names({name})
    return parameter
