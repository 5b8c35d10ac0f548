"""What the editors written in Python share: the edits from standard input, the same lines as all editors read."""

import re
import sys
from itertools import groupby


def files():
    """Each file with its edits: (FILE, [(steps of the path, value)])."""
    lines = [line.rstrip("\n").split("\t", 2) for line in sys.stdin]
    for file, of_one_file in groupby(lines, key=lambda line: line[0]):
        yield file, [(steps(path), value) for _, path, value in of_one_file]


def steps(path):
    """`spec.containers[0].image` as ["spec", "containers", 0, "image"]."""
    return [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]


def put(root, path, value):
    for step in path[:-1]:
        root = root[step]
    root[path[-1]] = value


def edit_all(load, dump):
    """Edits each file in place. `dump` gets what `load` returned. What a tool cannot edit is printed and left as it is."""
    for file, edits in files():
        try:
            with open(file, encoding="utf-8", newline="") as source:
                loaded, root = load(source.read())
            for path, value in edits:
                put(root, path, value)
            text = dump(loaded)
            with open(file, "w", encoding="utf-8", newline="") as target:
                target.write(text)
        except Exception as error:  # whatever the library raises
            print(file, " ".join(str(error).split()), sep="\t")
