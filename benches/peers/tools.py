"""Which tools are here, how they are called, and what installs those that registries have."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from typing import Callable

from measure import Command, Failed

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


class NotHere(Exception):
    """A tool is not on this machine; why, and how it could be named."""


def install(folder):
    """Puts the pinned packages of npm and PyPI into `folder`. Returns what could not be installed, and why."""
    missing = []

    def attempt(name, argv):
        try:
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                missing.append(f"{name}: {done.stderr.strip().splitlines()[-1:]}")
        except OSError as error:
            missing.append(f"{name}: {error}")

    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", "--root-user-action", "ignore"]
    pip += ["--require-hashes", "--target", f"{folder}/python", "--requirement", f"{HERE}/requirements.txt"]
    attempt("PyPI", pip)
    for name in ["package.json", "package-lock.json"]:
        shutil.copy(f"{HERE}/{name}", folder)
    attempt("npm", ["npm", "ci", "--prefix", folder, "--loglevel", "error", "--ignore-scripts", "--no-audit", "--no-fund"])
    return missing


def named_or_on_path(variable, name):
    path = os.environ.get(variable) or shutil.which(name)
    if not path or not shutil.which(path):
        raise NotHere(f"name it in {variable}")
    return os.path.abspath(shutil.which(path))


def first_line(argv):
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except OSError as error:
        raise NotHere(str(error)) from error
    lines = (done.stdout + done.stderr).strip().splitlines()
    return lines[0] if lines else ""


def build(arguments, name):
    """Builds one program of this repository as it is given to people, outside of everything that is measured."""
    target = os.environ.get("CARGO_TARGET_DIR", f"{ROOT}/target")
    done = None
    try:
        cargo = ["cargo", "build", "--quiet", "--locked", "--profile", "dist", "--target-dir", target, *arguments]
        done = subprocess.run(cargo, cwd=ROOT, check=False)
    except OSError:
        pass
    if done is None or done.returncode != 0:
        raise NotHere("cargo could not build it")
    return os.path.join(target, "dist", name)


def of_sluice(variable, name, arguments, may_build):
    """A program of this repository: by path, or built, or (without building) the best that was built before."""
    if os.environ.get(variable):
        return named_or_on_path(variable, name)
    if may_build:
        return build(arguments, name)
    target = os.environ.get("CARGO_TARGET_DIR", f"{ROOT}/target")
    for profile in ["dist", "release", "debug"]:
        path = os.path.join(target, profile, name)
        if os.path.exists(path):
            return path
    raise NotHere(f"nothing is built; name it in {variable}")


def python_module(packages, module, path):
    env = {"PYTHONPATH": f"{packages}/python"}
    try:
        printed, _ = Command([sys.executable, "-c", f"import {module}; print({module}.__version__)"], env=env).run()
    except Failed as failed:
        raise NotHere("not installed") from failed
    python = sys.version.split()[0]
    return printed.strip(), python, partial(Command, env=env), [sys.executable, path]


def npm_yaml(packages, path):
    node = named_or_on_path("NODE", "node")
    env = {"NODE_PATH": f"{packages}/node_modules"}
    try:
        printed, _ = Command([node, "-p", "require('yaml/package.json').version"], env=env).run()
    except Failed as failed:
        raise NotHere("not installed") from failed
    return printed.strip(), first_line([node, "--version"]).lstrip("v"), partial(Command, env=env), [node, path]


def lines(cases, folder):
    """The edits as all editors read them from standard input."""
    return "".join(f"{folder}/{case.file}\t{path}\t{value}\n" for case in cases for path, value in case.edits)


@dataclass
class Editor:
    """How one editor is called. `nothing` is a process that edits no file; `everything` edits the cases in a folder, in
    one process, or in one for each case."""

    name: str
    version: str
    nothing: Callable
    everything: Callable
    processes: str = "one"
    # The cases that the tool is made for; the others are left out, and so are edits that it cannot make.
    takes: Callable = lambda cases: cases
    warms_up: bool = False


def reading_lines(name, version, command, argv, dots=False, warms_up=False):
    """An editor that reads all edits from standard input, in one process."""

    def everything(cases, folder):
        # With dots, `images[0].newTag` is `images.0.newTag`; nothing else has brackets.
        text = lines(cases, folder)
        return [command(argv, stdin=text.replace("[", ".").replace("]", "") if dots else text)]

    return Editor(name, version, lambda: [command(argv)], everything, warms_up=warms_up)


def sluice_editor(packages, may_build):
    arguments = ["--package", "sluice-yaml", "--example", "set_fields"]
    program = of_sluice("SET_FIELDS", "examples/set_fields", arguments, may_build)
    return [reading_lines("Sluice's editor (`sluice-yaml`, `apply`)", "this commit", Command, [program])]


def pyyaml_editors(packages, may_build):
    version, python, command, argv = python_module(packages, "yaml", f"{HERE}/edit/pyyaml.py")
    version = f"{version}, Python {python}"
    return [
        reading_lines("PyYAML, `safe_load` and `safe_dump`", version, command, argv),
        reading_lines("PyYAML with libyaml, `CSafeLoader` and `CSafeDumper`", version, command, [*argv, "c"]),
    ]


def ruamel_editors(packages, may_build):
    version, python, command, argv = python_module(packages, "ruamel.yaml", f"{HERE}/edit/ruamel_round_trip.py")
    return [reading_lines("ruamel.yaml, round trip", f"{version}, Python {python}", command, argv)]


def npm_editors(packages, may_build):
    version, node, command, argv = npm_yaml(packages, f"{HERE}/edit/yaml.cjs")
    version = f"{version}, Node {node}"
    return [
        reading_lines("npm `yaml`, `parseDocument` and `toString`", version, command, [*argv, "document"], warms_up=True),
        reading_lines("npm `yaml`, `CST.setScalarValue`", version, command, [*argv, "tokens"], warms_up=True),
    ]


def kargo_editors(packages, may_build):
    program = named_or_on_path("KARGO_EDIT", "kargo-edit")
    return [reading_lines("Kargo's editor", "as built", Command, [program], dots=True)]


def yq(packages=None, may_build=False):
    program = named_or_on_path("YQ", "yq")
    version = first_line([program, "--version"])
    if "mikefarah" not in version:
        raise NotHere(f"{program} is another program of this name ({version}); name mikefarah/yq version 4 in YQ")
    return program, version.split()[-1]


def yq_editors(packages, may_build):
    program, version = yq()

    def edit(case, folder):
        expression = " | ".join(f'.{path} = "{value}"' for path, value in case.edits)
        return Command([program, "--inplace", expression, f"{folder}/{case.file}"])

    return [
        Editor(
            "yq, `-i`",
            version,
            lambda: [Command([program, "--null-input", "1"])],
            lambda cases, folder: [edit(case, folder) for case in cases],
            "one for each file",
        )
    ]


def kustomize_editors(packages, may_build):
    program = named_or_on_path("KUSTOMIZE", "kustomize")

    def edit(case, folder):
        (_, tag), = case.edits
        return Command([program, "edit", "set", "image", f"{case.image}:{tag}"], cwd=os.path.dirname(f"{folder}/{case.file}"))

    return [
        Editor(
            "kustomize, `edit set image`",
            first_line([program, "version"]),
            lambda: [Command([program, "version"])],
            lambda cases, folder: [edit(case, folder) for case in cases],
            "one for each file: only kustomizations, and only their image",
            lambda cases: [case.first_edit_only() for case in cases if case.image],
        )
    ]


EDITORS = {
    "Sluice's editor": sluice_editor,
    "PyYAML": pyyaml_editors,
    "ruamel.yaml": ruamel_editors,
    "npm `yaml`": npm_editors,
    "Kargo's editor": kargo_editors,
    "yq": yq_editors,
    "kustomize": kustomize_editors,
}


@dataclass
class Reader:
    """How one tool reads a folder of manifests."""

    name: str
    version: str
    does: str
    command: Callable  # of the folder
    warms_up: bool = False


def sluice(may_build):
    return of_sluice("SLUICE", "sluice", ["--package", "sluice-gitops", "--bin", "sluice"], may_build)


def sluice_readers(packages, may_build):
    program = sluice(may_build)
    does = "parse, references, checks, plan"
    return [Reader("`sluice plan FOLDER`", "this commit", does, lambda folder: Command([program, "plan", folder]))]


def kubeconform_readers(packages, may_build):
    program = named_or_on_path("KUBECONFORM", "kubeconform")
    # No schema is fetched: this measures walking and parsing, and finding none. Schemas by path with KUBECONFORM_SCHEMAS.
    schemas = os.environ.get("KUBECONFORM_SCHEMAS", "/nonexistent/{{.ResourceKind}}.json")
    argv = [program, "-summary", "-ignore-missing-schemas", "-schema-location", schemas]
    does = "parse, schemas" if "KUBECONFORM_SCHEMAS" in os.environ else "parse, no schemas"
    return [Reader("kubeconform", first_line([program, "-v"]), does, lambda folder: Command([*argv, folder]))]


def pyyaml_readers(packages, may_build):
    version, python, command, argv = python_module(packages, "yaml", f"{HERE}/read/pyyaml.py")
    version = f"{version}, Python {python}"
    return [
        Reader("PyYAML", version, "parse", lambda folder: command([*argv, folder])),
        Reader("PyYAML with libyaml", version, "parse", lambda folder: command([*argv, folder, "c"])),
    ]


def ruamel_readers(packages, may_build):
    version, python, command, argv = python_module(packages, "ruamel.yaml", f"{HERE}/read/ruamel_round_trip.py")
    return [Reader("ruamel.yaml, round trip", f"{version}, Python {python}", "parse", lambda folder: command([*argv, folder]))]


def npm_readers(packages, may_build):
    version, node, command, argv = npm_yaml(packages, f"{HERE}/read/yaml.cjs")
    return [Reader("npm `yaml`", f"{version}, Node {node}", "parse", lambda folder: command([*argv, folder]), True)]


READERS = {
    "sluice": sluice_readers,
    "kubeconform": kubeconform_readers,
    "PyYAML": pyyaml_readers,
    "ruamel.yaml": ruamel_readers,
    "npm `yaml`": npm_readers,
}


def present(makers, packages, may_build):
    """The tools that are here, and for the others why not."""
    found, missing = [], []
    for name, make in makers.items():
        try:
            found += make(packages, may_build)
        except NotHere as reason:
            missing.append((name, str(reason)))
    return found, missing
