"""Who set a file last, in a generated repository whose file of interest changed near the start only."""

import os
import subprocess
from dataclasses import dataclass
from typing import Callable

import inputs
import tools
from measure import ENVIRONMENT, Command

# Commits of the history that both have; the manifests of interest are set in commit 20 of them.
SHORT = 30
SET_IN = 20
WANTED = [f"apps/app07/{stage}/service.yaml" for stage in ("dev", "prod")]
PIPELINE = """apiVersion: deployments.plural.sh/v1alpha1
kind: Pipeline
metadata:
  name: web
  namespace: infra
spec:
  stages:
  - name: dev
    services:
    - serviceRef: {name: web, namespace: dev}
  - name: prod
    services:
    - serviceRef: {name: web, namespace: prod}
      criteria:
        serviceRef: {name: web, namespace: dev}
  edges:
  - {from: dev, to: prod}
"""


@dataclass
class Walk:
    """How one tool is asked; `nothing` on the short history, `everything` on the long one."""

    name: str
    version: str
    does: str
    nothing: Callable
    everything: Callable


def others():
    """424 files less the two of interest: what the other commits change."""
    paths = [f"clusters/cluster{number:02}.yaml" for number in range(40)]
    for app in range(24):
        for stage in ["dev", "test", "staging", "prod"]:
            paths += [f"apps/app{app:02}/{stage}/{name}.yaml" for name in ["service", "values", "kustomization", "pipeline"]]
    return [path for path in paths if path not in WANTED]


def content(path, revision):
    return f"# {path}\nrevision: {revision}\n" + "".join(f"key{line}: value of {path} in line {line}\n" for line in range(30))


def stream(commits):
    """The history for `git fast-import`."""
    choice, paths = inputs.Choice(inputs.SEED), others()
    for commit in range(commits):
        message = f"change {commit}"
        yield f"commit refs/heads/main\ncommitter A <a@example.com> {1_600_000_000 + commit * 600} +0000\ndata {len(message)}\n{message}\n"
        if commit == 0:
            changed = [(path, content(path, 0)) for path in paths] + [("pipelines/web.yaml", PIPELINE)]
        elif commit == SET_IN:
            changed = [(path, inputs.service("web", path.split("/")[2], "6.5.3", 1)) for path in WANTED]
        else:
            path = choice.of(paths)
            changed = [(path, content(path, commit))]
        for path, text in changed:
            yield f"M 100644 inline {path}\ndata {len(text)}\n{text}\n"


def write_repository(git, folder, commits):
    """A packed repository with its files checked out, as a full clone is."""
    os.makedirs(folder)

    def run(*words, text=None):
        subprocess.run([git, *words], cwd=folder, env=ENVIRONMENT, input=text, check=True, capture_output=True)

    run("init", "--quiet", "--initial-branch=main")
    run("fast-import", "--quiet", text="".join(stream(commits)).encode())
    run("-c", "repack.writeBitmaps=false", "repack", "-a", "-d", "-f", "--depth=50", "--window=10")
    run("reset", "--quiet", "--hard", "main")


def walks(folder, commits, may_build):
    """The tools that can answer, and for the others why not."""
    try:
        git = tools.named_or_on_path("GIT", "git")
    except tools.NotHere as reason:
        return [], [("git, and what it generates", str(reason))]
    short, long = os.path.join(folder, "short"), os.path.join(folder, "long")
    write_repository(git, short, SHORT)
    write_repository(git, long, commits)
    found, missing = [], []

    def add(name, version, does, argv):
        """`argv` is a function of the repository."""
        found.append(
            Walk(name, version, does, lambda: [Command(argv(short), cwd=short)], lambda: [Command(argv(long), cwd=long)])
        )

    version = tools.first_line([git, "--version"]).split()[-1]
    one, both = [git, "log", "-1", "--", WANTED[1]], [git, "log", "-1", "--format=%H", "--", *WANTED]
    add("`git log -1 -- FILE`", version, "one file", lambda _: one)
    add("`git log -1 -- FILE FILE`", version, "two files that one commit set", lambda _: both)
    try:
        program = tools.sluice(may_build)
        does = "two services: who set each last, and since when it runs what it runs"
        add("`sluice status FOLDER`", "this commit", does, lambda repository: [program, "status", repository])
    except tools.NotHere as reason:
        missing.append(("sluice", str(reason)))
    return found, missing
