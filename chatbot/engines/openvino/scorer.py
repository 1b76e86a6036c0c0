"""The converted base model as a scorer: token ids in, log-probabilities of chosen tokens out.

GenAI's pipeline computes only the last logits of a prompt. So the same graph is compiled a second time with another
end: the hidden states of the positions that are asked for are gathered before the output matrix, which would otherwise
be a fifth of the arithmetic, and only the log-probabilities leave the graph. Every text is read in one piece, so no
keys and values are kept; without them the plugin fuses attention, which needs less memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatbot.conversion import GRAPH
from chatbot.engines.likelihood import Batch
from chatbot.engines.openvino.graph import graph_input
from chatbot.engines.openvino.models import ConvertedModel


class OpenVinoScorer:
    """A `Scorer` in OpenVINO; takes about two seconds to load.

    Args:
        model: the converted base.
        properties: of the CPU plugin.

    Raises:
        ConversionError: the model cannot be loaded.
    """

    def __init__(self, model: ConvertedModel, properties: Mapping[str, Any]) -> None:
        import openvino

        self.window = model.window
        try:
            core = openvino.Core()
            graph = scoring_graph(core.read_model(model.folder / GRAPH))
            self._request = core.compile_model(graph, "CPU", dict(properties)).create_infer_request()
        except RuntimeError as error:
            raise model.not_loaded(error) from error

    def score(self, batch: Batch) -> list[float]:
        """Natural log-probabilities of the batch's targets, shape (scored,)."""
        import numpy as np

        texts, tokens = batch.ids.shape
        result = self._request.infer(
            {
                "input_ids": batch.ids,
                "attention_mask": np.ones_like(batch.ids),  # padding is on the right, where no token looks
                "position_ids": np.tile(np.arange(tokens), (texts, 1)),
                "rows": batch.rows,
                "targets": batch.targets[:, None],
            }
        )
        scores: list[float] = result["scores"][:, 0].tolist()
        return scores


def scoring_graph(graph: Any) -> Any:
    """The `openvino.Model` that scores tokens, made of a decoder from `build_graph`, which is changed by it.

    Its inputs are the decoder's without `beam_idx`, and `rows` (scored,) and `targets` (scored, 1) as in `Batch`; its
    output is `scores`, natural log-probabilities of shape (scored, 1).
    """
    import numpy as np
    from openvino import Model
    from openvino import opset13 as op

    # Every sink stores concat(past, new) of a layer's keys or values; what follows is given the new ones alone.
    for sink in graph.get_sinks():
        joined = sink.input_value(0).get_node()
        joined.output(0).replace(joined.input_value(1))
    product = graph.get_results()[0].input_value(0).get_node()  # hidden states times the output matrix
    hidden, output_matrix = product.input_value(0), product.input_value(1)
    rows, targets = graph_input("rows", "i64", [-1]), graph_input("targets", "i64", [-1, 1])
    first, last = op.constant(np.array(0)), op.constant(np.array([1]))
    width = hidden.get_partial_shape()[-1].get_length()
    flat = op.reshape(hidden, op.constant(np.array([-1, width])), False)  # (texts * tokens, width)
    logits = op.matmul(op.gather(flat, rows, first), output_matrix, False, True)  # (scored, vocabulary)
    # log_softmax of the targets alone; the operation of that name would write the whole vocabulary once more.
    shifted = op.subtract(logits, op.reduce_max(logits, last, True))
    total = op.log(op.reduce_sum(op.exp(shifted), last, True))
    scores = op.result(op.subtract(op.gather_elements(shifted, targets, 1), total))
    scores.output(0).get_tensor().set_names({"scores"})
    inputs = [part for part in graph.get_parameters() if "beam_idx" not in part.output(0).get_names()]
    return Model([scores], [*inputs, rows, targets], "scorer")
