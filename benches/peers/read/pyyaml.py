"""A bare parse by PyYAML: FOLDER, and `c` for its C parser."""

import sys

import yaml

import walk

loader = yaml.CSafeLoader if sys.argv[2:] == ["c"] else yaml.SafeLoader
walk.parse_all(lambda text: yaml.load_all(text, loader))
