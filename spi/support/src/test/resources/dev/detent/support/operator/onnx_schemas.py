"""Writes onnx-schemas.tsv beside itself: what ONNX's own schemas say of arity and inputs.

    pip install onnx==1.23.2 && python3 onnx_schemas.py

One line per operator of the domain ai.onnx, and one more for each version in force somewhere in opsets 7 to NEWEST that
takes or gives other things than the version before: operator, first opset, fewest and most inputs, fewest and most
outputs, "deprecated" or nothing, names of the inputs; a name ends in "?" when the input is optional, in "*" when it may
be repeated. 2147483647 is "any number".
"""
import os

import onnx.defs

OLDEST = 7
NEWEST = 26  # ONNX Runtime 1.28: "Current official support for domain ai.onnx is till opset 26"
MARK = {"Single": "", "Optional": "?", "Variadic": "*"}

history = {}
for s in onnx.defs.get_all_schemas_with_history():
    if s.domain == "" and s.since_version <= NEWEST:
        history.setdefault(s.name, []).append(s)

lines = []
for name in sorted(history):
    versions = sorted(history[name], key=lambda s: s.since_version)
    before = None
    for s, following in zip(versions, versions[1:] + [None]):
        if following is None or following.since_version > OLDEST:
            inputs = " ".join(i.name + MARK[i.option.name] for i in s.inputs)
            row = (s.min_input, s.max_input, s.min_output, s.max_output, "deprecated" if s.deprecated else "", inputs)
            if row != before:
                lines.append("\t".join(map(str, (name, s.since_version) + row)))
            before = row

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, "onnx-schemas.tsv"), "w", encoding="ascii", newline="\n") as out:
    out.write("\n".join(lines) + "\n")
