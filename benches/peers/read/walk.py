"""What the readers written in Python share: every YAML file below a folder is read and parsed."""

import os
import sys


def parse_all(parse):
    """`parse` gets the text of a file and returns its documents. Prints their number."""
    documents = 0
    for folder, _, names in os.walk(sys.argv[1]):
        for name in names:
            if name.endswith((".yaml", ".yml")):
                with open(os.path.join(folder, name), encoding="utf-8") as source:
                    documents += len(list(parse(source.read())))
    print(documents)
