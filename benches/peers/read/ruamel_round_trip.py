"""A bare parse by ruamel.yaml's round trip."""

import ruamel.yaml

import walk

walk.parse_all(ruamel.yaml.YAML().load_all)
