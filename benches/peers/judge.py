"""What an editor did to the files, judged by parsers and a line diff that know nothing of the editor."""

import difflib
import functools
import os
import re
from dataclasses import dataclass


@dataclass
class Quality:
    """Sums over all files that a tool edited, and the number of files that it refused."""

    files: int = 0
    refused: int = 0
    collateral_lines: int = 0
    files_with_collateral_lines: int = 0
    lost_comments: int = 0
    changed_values: dict = None  # of files in which a value that was not to be edited reads differently, for each reader
    wrong_values: int = 0  # files in which an edited value does not read as the text that was asked for


def readers():
    """The parsers that are here, by the version of YAML that they read."""
    found = {}
    try:
        import yaml

        # Reads booleans and numbers as Kubernetes does: `yes` is true, 0644 is octal.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        found["1.1"] = functools.lru_cache(maxsize=None)(lambda text: yaml.load(text, loader))
    except ImportError:
        pass
    try:
        import ruamel.yaml

        found["1.2"] = functools.lru_cache(maxsize=None)(lambda text: ruamel.yaml.YAML(typ="safe", pure=True).load(text))
    except ImportError:
        pass
    return found


def steps(path):
    return [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]


def leaves(value, path=()):
    """Every value with its place and its type: 1, 1.0 and true differ. The order of keys does not count."""
    if isinstance(value, dict):
        yield path, (dict, len(value))
        for key, below in value.items():
            yield from leaves(below, (*path, key))
    elif isinstance(value, list):
        yield path, (list, len(value))
        for at, below in enumerate(value):
            yield from leaves(below, (*path, at))
    else:
        yield path, (type(value), repr(value))


def changed_lines(before, after):
    matcher = difflib.SequenceMatcher(None, before.splitlines(keepends=True), after.splitlines(keepends=True), autojunk=False)
    return sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in matcher.get_opcodes() if tag != "equal")


def read(path):
    with open(path, encoding="utf-8", newline="") as source:
        return source.read()


def judge(before_root, after_root, cases, refused, parsers):
    """`refused` names the files that the tool said it does not edit; they have to be untouched."""
    quality = Quality(files=len(cases), changed_values=dict.fromkeys(parsers, 0))
    for case in cases:
        before, after = (read(os.path.join(root, case.file)) for root in (before_root, after_root))
        if case.file in refused:
            quality.refused += 1
            if before != after:
                raise AssertionError(f"{case.file}: refused, and changed all the same")
            continue
        collateral = max(changed_lines(before, after) - len(case.edits), 0)
        quality.collateral_lines += collateral
        quality.files_with_collateral_lines += collateral > 0
        quality.lost_comments += sum(comment not in after for comment in case.comments)
        is_wrong = False
        for version, parse in parsers.items():
            try:
                old, new = dict(leaves(parse(before))), dict(leaves(parse(after)))
            except Exception:  # whatever the parser raises: the file is broken
                quality.changed_values[version] += 1
                is_wrong = True
                continue
            for path, value in case.edits:
                at = tuple(steps(path))
                old.pop(at)
                is_wrong |= new.pop(at, None) != (str, repr(value))
            quality.changed_values[version] += old != new
        quality.wrong_values += is_wrong
    return quality
