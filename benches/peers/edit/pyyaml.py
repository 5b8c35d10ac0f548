"""PyYAML as scripts use it: `safe_load`, set, `safe_dump` in the order of the file. With `c` its C parser and emitter."""

import sys

import yaml

import edits

loader, dumper = (yaml.CSafeLoader, yaml.CSafeDumper) if sys.argv[1:] == ["c"] else (yaml.SafeLoader, yaml.SafeDumper)


def load(text):
    root = yaml.load(text, loader)
    return root, root


def dump(root):
    return yaml.dump(root, Dumper=dumper, sort_keys=False, allow_unicode=True)


edits.edit_all(load, dump)
