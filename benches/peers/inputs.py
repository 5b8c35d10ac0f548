"""Makes what the tools are compared on: the same for everyone, from a seed, without a download."""

import os
import random
from dataclasses import dataclass, field, replace

SEED = 20260701


class Choice:
    """Repeatable choices. Only `random()` is used, which Python promises to keep the same between versions."""

    def __init__(self, seed):
        self.random = random.Random(seed).random

    def below(self, end):
        return int(self.random() * end)

    def of(self, options):
        return options[self.below(len(options))]

    def percent(self, share):
        return self.random() * 100 < share


@dataclass
class Case:
    """One file that is edited: where it is, what is set, and what must be kept."""

    file: str
    kind: str
    edits: list  # of (path, value)
    comments: list  # of texts; each occurs once
    lines: int
    image: str = ""  # its name, if `kustomize edit set image` can make the first edit

    def first_edit_only(self):
        return replace(self, edits=self.edits[:1])


@dataclass
class Writer:
    """Collects the lines of one file, and remembers what is edited and which comments there are."""

    choice: Choice
    item: str  # how an element of a list begins: one of both usual indentations, the same in the whole file
    lines: list = field(default_factory=list)
    edits: list = field(default_factory=list)
    comments: list = field(default_factory=list)

    def add(self, *lines):
        self.lines.extend(lines)

    def comment(self, indent=""):
        self.add(indent + self.note())

    def note(self):
        words = ["owned by payments", "see the runbook", "keep in step with dev", "asked for by ops", "do not raise"]
        text = f"# note {len(self.comments) + 1:02}: {self.choice.of(words)}"
        self.comments.append(text)
        return text

    def trailing(self):
        """A comment behind a value, or nothing."""
        return self.choice.of([" ", "  ", "    "]) + self.note() if self.choice.percent(35) else ""

    def blank(self):
        if self.choice.percent(70):
            self.add("")

    def quoted(self, text):
        return self.choice.of([text, f"'{text}'", f'"{text}"'])

    def edited(self, start, path, old, new):
        """A line whose value is edited. `start` is the key with its indentation."""
        self.edits.append((path, new))
        self.add(f"{start}{self.quoted(old)}{self.trailing()}")


def new_version(choice):
    """What is set. Some look like a number to a YAML reader and have to stay text."""
    if choice.percent(4):
        return choice.of(["1.20", "20261130", "6e10"])
    return f"{choice.below(9) + 1}.{choice.below(30)}.{choice.below(20)}"


def extras(writer, indent=""):
    """What else is in such files. Each part is in about the given share of them."""
    choice = writer.choice
    if choice.percent(40):
        script = ["script: |", "  #!/bin/sh", "  # waits for the database", "  until nc -z db 5432; do", "    sleep 1", "  done"]
        writer.add(*(indent + line for line in script))
        writer.blank()
    if choice.percent(20):
        description = ["description: >-", "  Answers the calls of the shop.", "  Two copies are enough", "  outside of the sales."]
        writer.add(*(indent + line for line in description))
    if choice.percent(40):
        writer.add(f'{indent}args: ["--port", "8080", --verbose]{writer.trailing()}')
        writer.add(f"{indent}resources: {{requests: {{cpu: 100m, memory: 128Mi}}, limits: {{memory: 256Mi}}}}")
    if choice.percent(25):
        motto = "a line of more than eighty characters, as descriptions and annotations of manifests often have them"
        writer.add(f"{indent}motto: {motto}{writer.trailing()}")
    if choice.percent(40):
        writer.comment(indent)
        enabled, mode = choice.of(["true", "yes", '"yes"', "on"]), choice.of(["0644", '"0644"', "420"])
        writer.add(f"{indent}enabled: {enabled}", f"{indent}mode: {mode}")
        proxy = choice.of(["~", "null", "", '""'])
        writer.add(f"{indent}since: 2026-07-01", f"{indent}proxy: {proxy}{writer.trailing()}")
    if choice.percent(15):
        writer.add(f"{indent}defaults: &defaults", f"{indent}  timeout: 30s   {writer.note()}", f"{indent}  retries: 3")
        writer.add(f"{indent}primary:", f"{indent}  <<: *defaults", f"{indent}  host: db-0")
    if choice.percent(50):
        item = writer.item
        writer.add(f"{indent}env:")
        for name in ["LOG_LEVEL", "REGION"]:
            writer.add(f"{indent}{item}name: {name}{writer.trailing()}", f"{indent}{' ' * len(item)}value: {writer.quoted('info')}")
            if choice.percent(30):
                writer.comment(indent + item.replace("- ", ""))


def values(writer):
    """The values of a Helm chart."""
    choice = writer.choice
    tag, version = new_version(choice), new_version(choice)
    writer.comment()
    writer.blank()
    writer.add("image:", f"  repository: ghcr.io/shop/web{writer.trailing()}")
    if choice.percent(2):
        # A tag that is used elsewhere too: setting it would set both.
        writer.edits.append(("image.tag", tag))
        writer.add("  tag: &tag 1.4.2", "sidecar:", "  tag: *tag")
    else:
        writer.edited("  tag: ", "image.tag", "1.4.2", tag)
    writer.add("  pullPolicy: IfNotPresent")
    writer.blank()
    writer.add(f"replicaCount: {choice.below(9)}{writer.trailing()}")
    writer.comment()
    extras(writer)
    writer.add("release:")
    writer.edited("  version: ", "release.version", "0.9.1", version)
    writer.add("  channel: stable")
    writer.blank()
    writer.add("nodeSelector: {}", "tolerations: []")


def deployment(writer):
    """A Deployment, whose image holds the tag."""
    choice = writer.choice
    image, version = f"ghcr.io/shop/web:{new_version(choice)}", new_version(choice)
    writer.add("apiVersion: apps/v1", f"kind: Deployment{writer.trailing()}", "metadata:", "  name: web", "  annotations:")
    extras_at = "    "
    writer.add(f"{extras_at}team: payments{writer.trailing()}")
    writer.blank()
    writer.add("spec:", f"  replicas: {choice.below(9)}{writer.trailing()}", "  selector:", "    matchLabels: {app: web}", "  template:")
    writer.add("    metadata:", "      labels:", "        app: web")
    writer.edited("        version: ", "spec.template.metadata.labels.version", "0.9.1", version)
    writer.blank()
    writer.add("    spec:", "      containers:")
    item = writer.item
    rest = "      " + " " * len(item)
    writer.comment("      ")
    writer.add(f"      {item}name: web")
    writer.edited(f"{rest}image: ", "spec.template.spec.containers[0].image", "ghcr.io/shop/web:1.4.2", image)
    extras(writer, rest)
    writer.add(f"      {item}name: log", f"{rest}image: ghcr.io/shop/log:3.1.0{writer.trailing()}")
    writer.comment()


def kustomization(writer):
    """A kustomization with one image."""
    choice = writer.choice
    item = writer.item
    rest = " " * len(item)
    writer.comment()
    writer.add("apiVersion: kustomize.config.k8s.io/v1beta1", "kind: Kustomization", "resources:")
    for name in ["../../base", "ingress.yaml"]:
        writer.add(f"{item}{name}{writer.trailing()}")
    writer.blank()
    writer.add("images:")
    writer.comment(item.replace("- ", ""))
    writer.add(f"{item}name: ghcr.io/shop/web")
    writer.edited(f"{rest}newTag: ", "images[0].newTag", "1.4.2", new_version(choice))
    writer.blank()
    writer.add("commonLabels:", f"  app: web{writer.trailing()}")
    writer.edited("  version: ", "commonLabels.version", "0.9.1", new_version(choice))
    if choice.percent(50):
        writer.add("patches:", f"{item}target: {{kind: Deployment, name: web}}", f"{rest}patch: |-", f"{rest}  # more copies than dev has")
        writer.add(f"{rest}  - op: replace", f"{rest}    path: /spec/replicas", f"{rest}    value: {choice.below(9)}")
    writer.comment()


def service_deployment(writer):
    """A ServiceDeployment of Plural, with Helm values inside."""
    choice = writer.choice
    writer.comment()
    writer.add("apiVersion: deployments.plural.sh/v1alpha1", "kind: ServiceDeployment", "metadata:", "  name: web", "  namespace: prod")
    writer.blank()
    writer.add("spec:", "  helm:", f"    chart: web{writer.trailing()}", "    url: https://charts.example.com")
    writer.edited("    version: ", "spec.helm.version", "0.9.1", new_version(choice))
    writer.add("    values:", "      image:")
    writer.edited("        tag: ", "spec.helm.values.image.tag", "1.4.2", new_version(choice))
    extras(writer, "      ")
    writer.blank()
    writer.add("  clusterRef: {kind: Cluster, name: prod, namespace: infra}")
    writer.comment()


# Of each hundred files.
KINDS = [(35, values, "values.yaml"), (35, deployment, "deployment.yaml"), (15, kustomization, "kustomization.yaml"), (15, service_deployment, "service.yaml")]


def write_edit_cases(root, count):
    """Writes `count` files below `root`, each in a folder of its own, and returns them as cases."""
    choice = Choice(SEED)
    cases = []
    for number in range(count):
        at = number % 20 * 5  # the kinds are spread evenly, so that a few files have all of them
        for share, write, name in KINDS:
            if at < share:
                break
            at -= share
        writer = Writer(choice, choice.of(["- ", "  - "]))
        write(writer)
        text = "\n".join(writer.lines)
        if not choice.percent(3):
            text += "\n"
        if choice.percent(5):
            text = text.replace("\n", "\r\n")
        file = f"{number:05}/{name}"
        os.makedirs(os.path.join(root, os.path.dirname(file)))
        with open(os.path.join(root, file), "w", encoding="utf-8", newline="") as out:
            out.write(text)
        image = "ghcr.io/shop/web" if write is kustomization else ""
        cases.append(Case(file, write.__name__, writer.edits, writer.comments, len(writer.lines), image))
    return cases


SERVICES_PER_STAGE = 25


def service(name, namespace, version, replicas):
    return (
        f"# {name} in {namespace}\napiVersion: deployments.plural.sh/v1alpha1\nkind: ServiceDeployment\nmetadata:\n  name: {name}\n"
        f"  namespace: {namespace}\nspec:\n  namespace: {name}\n  git:\n    folder: services/{name}\n    ref: main\n"
        "  repositoryRef:\n    kind: GitRepository\n    name: apps\n    namespace: infra\n"
        f"  helm:\n    version: {version} # promoted\n    chart: web\n    url: https://charts.example.com\n    values:\n"
        f'      replicas: {replicas}\n      image:\n        tag: "{version}"\n  configuration:\n    team: payments\n    size: small\n'
        f"  clusterRef:\n    kind: Cluster\n    name: {namespace}\n    namespace: infra\n"
    )


def write_manifests(root, pipelines):
    """The folder of `benches/plan.rs`: pipelines of two stages with 25 services each, two services in a file. Returns
    the number of files and of bytes."""
    files = size = 0

    def put(path, text):
        nonlocal files, size
        path = os.path.join(root, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8", newline="") as out:
            out.write(text)
        files += 1
        size += len(text)

    for pipeline in range(pipelines):
        dev = prod = ""
        for index in range(SERVICES_PER_STAGE):
            name = f"svc-{pipeline}-{index}"
            behind = "6.5.2" if index % 10 == 0 else "6.5.3"
            put(f"clusters/p{pipeline}/{name}.yaml", service(name, "dev", "6.5.3", index) + "---\n" + service(name, "prod", behind, index))
            dev += f"    - serviceRef: {{name: {name}, namespace: dev}}\n"
            prod += f"    - serviceRef: {{name: {name}, namespace: prod}}\n      criteria:\n        serviceRef: {{name: {name}, namespace: dev}}\n"
        put(
            f"pipelines/p{pipeline}.yaml",
            "apiVersion: deployments.plural.sh/v1alpha1\nkind: Pipeline\nmetadata:\n"
            f"  name: p{pipeline}\n  namespace: infra\nspec:\n  stages:\n  - name: dev\n    services:\n{dev}  - name: prod\n    services:\n{prod}"
            "  edges:\n  - from: dev\n    to: prod\n    gates:\n    - name: approval\n      type: APPROVAL\n",
        )
    return files, size
