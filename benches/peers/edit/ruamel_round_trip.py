"""ruamel.yaml's round trip, with what its users set to keep layout: quotes, no line breaks, the file's own indentation."""

import io

import ruamel.yaml
from ruamel.yaml.util import load_yaml_guess_indent

import edits


def load(text):
    _, indent, offset = load_yaml_guess_indent(text)
    yaml = ruamel.yaml.YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096
    # Only the indentation of lists differs between the files; the guess is empty if there is no list.
    if offset is not None:
        yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    root = yaml.load(text)
    return (yaml, root), root


def dump(loaded):
    yaml, root = loaded
    out = io.StringIO()
    yaml.dump(root, out)
    return out.getvalue()


edits.edit_all(load, dump)
