"""One LSQ step of a block in torch, on one thread: the same nodes, batch and learned parameters as BlockStep.java's. Reads that program's output.

python block_step.py MODEL.onnx BATCH < OUTPUT
Weights have a scale per channel, activations a scale and zero point per tensor, all learned by Adam with the biases; fake quantization is torch's own
fused operator with its fused backward pass, the fastest torch has.
"""
import statistics
import sys
import time

import numpy as np
import onnx
import torch
from onnx import numpy_helper, shape_inference

MODEL, BATCH = sys.argv[1], int(sys.argv[2])
STEPS = 60


def main():
    lines = [line.split() for line in sys.stdin if line.strip()]
    detent = [float(line[1]) for line in lines if line[0] == "detent"]
    wanted = {line[1] for line in lines if line[0] == "node"}
    torch.set_num_threads(1)
    block = Block(MODEL, wanted)
    ours, torchs = statistics.median(detent), statistics.median(block.step_ms() for _ in range(3))
    print(f"{len(wanted)} nodes ({', '.join(n.op_type for n in block.nodes)}), batch {BATCH}: detent {ours:.1f} ms ({min(detent):.1f} to {max(detent):.1f}), "
          f"torch {torch.__version__} {torchs:.1f} ms, ratio {ours / torchs:.2f}")


class Block:
    def __init__(self, path, wanted):
        model = shape_inference.infer_shapes(onnx.load(path))
        constants = {i.name: torch.tensor(numpy_helper.to_array(i)) for i in model.graph.initializer}
        shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
                  for v in [*model.graph.value_info, *model.graph.input, *model.graph.output]}
        self.nodes = [n for n in model.graph.node if n.output[0] in wanted]
        made = {n.output[0] for n in self.nodes}
        read = {i for n in self.nodes for i in n.input if i}
        self.constants = {i: constants[i] for i in read if i in constants}
        self.learned = {i: torch.nn.Parameter(t.float()) for i, t in self.constants.items() if t.dtype == torch.float32 and t.dim() > 0}
        self.scales = {i: torch.nn.Parameter(p.detach().abs().flatten(1).amax(1).clamp_min(1e-6) / 127) for i, p in self.learned.items() if p.dim() > 1}
        self.inputs = {i: torch.rand(BATCH, *shapes[i][1:]) for i in read if i not in made and i not in constants}
        after = {o: [m for m in model.graph.node if o in m.input] for o in made}
        fused = ("Relu", "Clip")
        self.cut = {o for o in made if not (len(after[o]) == 1 and after[o][0].op_type in fused and after[o][0] in self.nodes)}
        self.outputs = [o for o in made if any(m not in self.nodes for m in after[o]) or not after[o]]
        self.ranges = {o: (torch.nn.Parameter(torch.tensor([0.02])), torch.nn.Parameter(torch.tensor([100.0]))) for o in self.cut}
        with torch.no_grad():
            self.targets = {o: v for o, v in self.run(False).items() if o in self.outputs}
        everything = [*self.learned.values(), *self.scales.values(), *(p for r in self.ranges.values() for p in r)]
        self.adam = torch.optim.Adam(everything, lr=1e-4)

    def run(self, quantized):
        values = dict(self.inputs)
        for n in self.nodes:
            values[n.output[0]] = self.node(n, values, quantized)
            if quantized and n.output[0] in self.cut:
                scale, zero = self.ranges[n.output[0]]
                values[n.output[0]] = torch._fake_quantize_learnable_per_tensor_affine(values[n.output[0]], scale, zero, 0, 255, 1.0)
        return values

    def value(self, name, values, quantized):
        if name in values:
            return values[name]
        if quantized and name in self.scales:
            s = self.scales[name]
            return torch._fake_quantize_learnable_per_channel_affine(self.learned[name], s, torch.zeros_like(s), 0, -127, 127, 1.0)
        return self.learned.get(name, self.constants.get(name))

    def node(self, n, values, quantized):
        x = [self.value(i, values, quantized) if i else None for i in n.input]
        a = {t.name: onnx.helper.get_attribute_value(t) for t in n.attribute}
        if n.op_type == "Conv":
            pads = a.get("pads", [0, 0, 0, 0])
            assert pads[:2] == pads[2:]
            return torch.nn.functional.conv2d(x[0], x[1], x[2] if len(x) > 2 else None, a.get("strides", [1, 1]), pads[:2], a.get("dilations", [1, 1]), a.get("group", 1))
        if n.op_type == "Relu":
            return torch.relu(x[0])
        if n.op_type == "Clip":
            return torch.clamp(x[0], a.get("min", 0.0), a.get("max", 6.0))
        if n.op_type == "Add":
            return x[0] + x[1]
        if n.op_type == "MaxPool":
            return torch.nn.functional.max_pool2d(x[0], a["kernel_shape"], a["strides"], a.get("pads", [0, 0])[0], ceil_mode=bool(a.get("ceil_mode", 0)))
        if n.op_type == "Concat":
            return torch.cat(x, a["axis"])
        if n.op_type == "Identity":
            return x[0]
        raise SystemExit(f"no {n.op_type} here; choose another block")

    def step_ms(self):
        for i in range(STEPS + 10):
            if i == 10:
                start = time.process_time()
            self.adam.zero_grad()
            values = self.run(True)
            loss = sum(((values[o] - t) ** 2).sum() / (t ** 2).sum() for o, t in self.targets.items())
            loss.backward()
            self.adam.step()
        return 1000 * (time.process_time() - start) / STEPS


if __name__ == "__main__":
    main()
