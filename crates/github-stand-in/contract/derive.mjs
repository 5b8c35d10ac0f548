// Derives what the tests hold Sluice's client and its stand-in GitHub to, from GitHub's own published descriptions:
//
//   openapi.json    the REST operations listed below, with the components they reach, as JSON Schema 2020-12
//   github.graphql  the part of the GraphQL schema listed below
//   events/         example webhook payloads, unchanged
//   VERSIONS.md     where all of it comes from
//
// Run `node crates/github-stand-in/contract/derive.mjs`. It needs npm and the network, and writes the same bytes for the same versions.
// Nothing is written by hand into the derived files: to have more of GitHub, add to a list here and derive again.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PACKAGES = {
  "@octokit/openapi": "23.0.2",
  "@octokit/graphql-schema": "15.26.1",
  "@octokit/webhooks-examples": "7.6.1",
};
// The day on which the versions above were taken. A constant, so that deriving again changes nothing.
const DERIVED_ON = "2026-11-22";

const HERE = import.meta.dirname;
const REPO = "/repos/{owner}/{repo}";

// Path to methods. Everything that the client calls or may call; a request to anything else fails the test that sent it.
const OPERATIONS = {
  [REPO]: ["get"],
  [`${REPO}/activity`]: ["get"],
  [`${REPO}/actions/permissions/workflow`]: ["get"],
  [`${REPO}/actions/runs`]: ["get"],
  [`${REPO}/actions/runs/{run_id}`]: ["get"],
  [`${REPO}/actions/workflows/{workflow_id}`]: ["get"],
  [`${REPO}/actions/workflows/{workflow_id}/dispatches`]: ["post"],
  [`${REPO}/actions/workflows/{workflow_id}/runs`]: ["get"],
  [`${REPO}/branches`]: ["get"],
  [`${REPO}/branches/{branch}`]: ["get"],
  [`${REPO}/collaborators/{username}/permission`]: ["get"],
  [`${REPO}/commits`]: ["get"],
  [`${REPO}/commits/{commit_sha}/pulls`]: ["get"],
  [`${REPO}/commits/{ref}`]: ["get"],
  [`${REPO}/commits/{ref}/check-runs`]: ["get"],
  [`${REPO}/commits/{ref}/status`]: ["get"],
  [`${REPO}/commits/{ref}/statuses`]: ["get"],
  [`${REPO}/compare/{basehead}`]: ["get"],
  [`${REPO}/contents/{path}`]: ["get"],
  [`${REPO}/deployments`]: ["get", "post"],
  [`${REPO}/deployments/{deployment_id}/statuses`]: ["get", "post"],
  [`${REPO}/git/blobs`]: ["post"],
  [`${REPO}/git/blobs/{file_sha}`]: ["get"],
  [`${REPO}/git/commits`]: ["post"],
  [`${REPO}/git/commits/{commit_sha}`]: ["get"],
  [`${REPO}/git/matching-refs/{ref}`]: ["get"],
  [`${REPO}/git/ref/{ref}`]: ["get"],
  [`${REPO}/git/refs`]: ["post"],
  [`${REPO}/git/refs/{ref}`]: ["patch", "delete"],
  [`${REPO}/git/tags`]: ["post"],
  [`${REPO}/git/tags/{tag_sha}`]: ["get"],
  [`${REPO}/git/trees`]: ["post"],
  [`${REPO}/git/trees/{tree_sha}`]: ["get"],
  [`${REPO}/issues`]: ["get"],
  [`${REPO}/issues/comments/{comment_id}`]: ["patch"],
  [`${REPO}/issues/{issue_number}/comments`]: ["get", "post"],
  [`${REPO}/issues/{issue_number}/events`]: ["get"],
  [`${REPO}/issues/{issue_number}/labels`]: ["get", "post"],
  [`${REPO}/issues/{issue_number}/labels/{name}`]: ["delete"],
  [`${REPO}/issues/{issue_number}/timeline`]: ["get"],
  [`${REPO}/labels`]: ["get", "post"],
  [`${REPO}/labels/{name}`]: ["get", "patch", "delete"],
  [`${REPO}/pulls`]: ["get", "post"],
  [`${REPO}/pulls/{pull_number}`]: ["get", "patch"],
  [`${REPO}/pulls/{pull_number}/commits`]: ["get"],
  [`${REPO}/pulls/{pull_number}/merge`]: ["get", "put"],
  [`${REPO}/pulls/{pull_number}/requested_reviewers`]: ["post", "delete"],
  [`${REPO}/pulls/{pull_number}/reviews`]: ["get", "post"],
  [`${REPO}/rules/branches/{branch}`]: ["get"],
  [`${REPO}/rulesets/{ruleset_id}`]: ["get"],
  [`${REPO}/statuses/{sha}`]: ["post"],
  [`${REPO}/tags`]: ["get"],
  "/app": ["get"],
  "/installation/repositories": ["get"],
  "/meta": ["get"],
  "/orgs/{org}/teams/{team_slug}": ["get"],
  "/orgs/{org}/teams/{team_slug}/members": ["get"],
  "/orgs/{org}/teams/{team_slug}/memberships/{username}": ["get"],
  "/rate_limit": ["get"],
  "/user": ["get"],
  "/apps/{app_slug}": ["get"],
  "/user/{account_id}": ["get"],
  "/users/{username}": ["get"],
};

const QUERIES = ["node", "nodes", "organization", "rateLimit", "repository", "user", "viewer"];
const MUTATIONS = [
  "closePullRequest",
  "convertPullRequestToDraft",
  "createCommitOnBranch",
  "createRef",
  "deleteRef",
  "dequeuePullRequest",
  "disablePullRequestAutoMerge",
  "enqueuePullRequest",
  "mergePullRequest",
  "requestReviews",
  "updatePullRequest",
  "updateRefs",
];

// Objects, interfaces and unions that are kept. A field is kept when its type is one of these or a leaf; arguments, input
// types, enums and scalars follow from the fields. Deprecated fields are left out: nothing new should lean on them.
const GRAPHQL_TYPES = `
  RateLimit Node PageInfo Actor App Bot EnterpriseUserAccount Mannequin Organization Team User UserConnection UserEdge
  TeamConnection TeamEdge RepositoryOwner
  Repository RepositoryCollaboratorConnection RepositoryCollaboratorEdge PermissionSource RepositoryNode
  Ref RefConnection RefEdge RefUpdateRule RepositoryRule RepositoryRuleConnection RepositoryRuleEdge RepositoryRuleset RuleParameters
  RequiredStatusChecksParameters StatusCheckConfiguration PullRequestParameters GitObject Blob Commit Tag Tree TreeEntry CommitHistoryConnection CommitConnection CommitEdge
  Comparison ComparisonCommitConnection GitActor GitActorConnection GitActorEdge
  GitSignature GpgSignature SmimeSignature SshSignature UnknownSignature
  Label Labelable LabelConnection LabelEdge
  PullRequest PullRequestConnection PullRequestEdge PullRequestCommit PullRequestCommitConnection PullRequestCommitEdge
  PullRequestChangedFile PullRequestChangedFileConnection PullRequestChangedFileEdge
  PullRequestReview PullRequestReviewConnection PullRequestReviewEdge
  ReviewRequest ReviewRequestConnection ReviewRequestEdge RequestedReviewer
  PullRequestTimelineItems PullRequestTimelineItemsConnection PullRequestTimelineItemsEdge
  AddedToMergeQueueEvent AutoMergeDisabledEvent AutoMergeEnabledEvent AutomaticBaseChangeFailedEvent
  AutomaticBaseChangeSucceededEvent BaseRefChangedEvent BaseRefDeletedEvent BaseRefForcePushedEvent ClosedEvent Closer
  ConvertToDraftEvent HeadRefDeletedEvent HeadRefForcePushedEvent HeadRefRestoredEvent LabeledEvent MergedEvent
  ReadyForReviewEvent RemovedFromMergeQueueEvent RenamedTitleEvent ReopenedEvent ReviewDismissedEvent ReviewRequestedEvent
  ReviewRequestRemovedEvent UnlabeledEvent
  IssueComment IssueCommentConnection IssueCommentEdge
  AutoMergeRequest MergeQueue MergeQueueConfiguration MergeQueueEntry MergeQueueEntryConnection MergeQueueEntryEdge
  StatusCheckRollup StatusCheckRollupContext StatusCheckRollupContextConnection StatusCheckRollupContextEdge
  Status StatusContext CheckRun CheckRunConnection CheckRunEdge CheckSuite CheckSuiteConnection CheckSuiteEdge Workflow WorkflowRun
  Deployment DeploymentConnection DeploymentEdge DeploymentStatus DeploymentStatusConnection DeploymentStatusEdge
`.trim().split(/\s+/);

// Event, and action where the event has one. The first published example is taken; of pushes, the first one of a branch.
const EVENTS = [
  ["check_run", "completed"],
  ["check_run", "created"],
  ["deployment_status", "created"],
  ["merge_group", "checks_requested"],
  ["pull_request", "closed"],
  ["pull_request", "edited"],
  ["pull_request", "labeled"],
  ["pull_request", "opened"],
  ["pull_request", "synchronize"],
  ["pull_request", "unlabeled"],
  ["pull_request_review", "dismissed"],
  ["pull_request_review", "submitted"],
  ["push", null, (payload) => payload.ref.startsWith("refs/heads/") && !payload.deleted],
  ["repository_dispatch", "on-demand-test"],
  ["schedule", null],
  ["workflow_dispatch", null],
  ["workflow_run", "completed"],
  ["workflow_run", "requested"],
];

// --- REST ------------------------------------------------------------------------------------------------------------

const KEPT_KEYWORDS = new Set(
  "type enum pattern required minimum maximum minLength maxLength minItems maxItems minProperties maxProperties uniqueItems".split(" "),
);
const PROSE = new Set("title description example examples default deprecated externalDocs readOnly discriminator".split(" "));
// Others (int64, timestamp, email) say nothing that a check could use, or more than GitHub keeps: the address of a bot is no e-mail.
const KEPT_FORMATS = new Set(["date-time", "uri"]);

// One schema object of OpenAPI 3.0 as JSON Schema 2020-12. `reached` collects the components that it names.
function jsonSchema(schema, reached) {
  if (schema.$ref) {
    reached.add(schema.$ref);
    return { $ref: schema.$ref };
  }
  const out = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (KEPT_KEYWORDS.has(keyword)) out[keyword] = value;
    else if (keyword === "properties") out.properties = mapValues(value, (property) => jsonSchema(property, reached));
    else if (keyword === "items") out.items = jsonSchema(value, reached);
    else if (keyword === "additionalProperties") out[keyword] = typeof value === "boolean" ? value : jsonSchema(value, reached);
    // That a value fits a second alternative as well says nothing against it, so one of the two keywords will do.
    else if (keyword === "oneOf" || keyword === "anyOf") out.anyOf = value.map((member) => jsonSchema(member, reached));
    else if (keyword === "allOf") out.allOf = value.map((member) => jsonSchema(member, reached));
    else if (keyword === "format") {
      if (KEPT_FORMATS.has(value)) out.format = value;
    } else if (keyword !== "nullable" && !keyword.startsWith("x-") && !PROSE.has(keyword)) {
      throw new Error(`a keyword that this script does not know: ${keyword} in ${JSON.stringify(schema).slice(0, 200)}`);
    }
  }
  return schema.nullable ? orNull(out) : out;
}

function orNull(schema) {
  if (schema.allOf || (schema.anyOf && schema.type)) return { anyOf: [schema, { type: "null" }] };
  if (schema.anyOf) return { ...schema, anyOf: [...schema.anyOf, { type: "null" }] };
  if (!schema.type) return schema;
  const out = { ...schema, type: [schema.type, "null"] };
  if (out.enum && !out.enum.includes(null)) out.enum = [...out.enum, null];
  return out;
}

function deriveOpenapi(description) {
  const reached = new Set();
  const resolve = (object) => {
    while (object.$ref) object = object.$ref.split("/").slice(1).reduce((at, key) => at[key], description);
    return object;
  };
  const parameter = (raw) => {
    const { name, in: place, required, schema, description: prose = "", ...rest } = resolve(raw);
    const out = { name, in: place, required: required === true, schema: jsonSchema(schema, reached) };
    // What only the prose says of `per_page`: GitHub silently takes 100 for more, and pages would be missed.
    const most = /\(max (\d+)\)/.exec(prose);
    if (most) out.schema.maximum = Number(most[1]);
    // The other way round: `created` is said to be one time, and takes a range such as `>=2026-01-01`.
    if (/date-time range/.test(prose)) delete out.schema.format;
    // The value may hold slashes, as in /git/ref/heads/main.
    if (rest["x-multi-segment"]) out.multiSegment = true;
    return out;
  };
  // The schema of a body in JSON, null where there is none. Diffs and patches as text are not for this contract.
  const body = (content = {}) => {
    const schemas = Object.entries(content)
      .filter(([media]) => media.endsWith("json") || media === "application/vnd.github.object")
      .map(([, { schema }]) => JSON.stringify(jsonSchema(schema, reached)));
    const distinct = [...new Set(schemas)].map((text) => JSON.parse(text));
    return distinct.length > 1 ? { anyOf: distinct } : (distinct[0] ?? null);
  };
  const paths = {};
  for (const [path, methods] of Object.entries(OPERATIONS)) {
    const item = description.paths[path];
    paths[path] = {};
    for (const method of methods) {
      const operation = item?.[method];
      if (!operation) throw new Error(`GitHub's description has no ${method} ${path}`);
      const out = { operationId: operation.operationId };
      out.parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(parameter);
      if (operation.requestBody) {
        const { required, content } = resolve(operation.requestBody);
        out.requestBody = { required: required === true, schema: body(content) };
      }
      out.responses = mapValues(operation.responses, (response) => body(resolve(response).content));
      paths[path][method] = out;
    }
  }
  const schemas = {};
  for (const reference of reached) {
    // `reached` grows while this loop runs, so it ends with everything that the operations reach.
    schemas[reference.replace("#/components/schemas/", "")] = jsonSchema(resolve({ $ref: reference }), reached);
  }
  return { openapi: description.openapi, version: description.info.version, paths, components: { schemas: sorted(schemas) } };
}

// --- GraphQL ---------------------------------------------------------------------------------------------------------

function deriveGraphql(introspection) {
  const types = Object.fromEntries(introspection.types.map((type) => [type.name, type]));
  const composite = new Set([...GRAPHQL_TYPES, "Query", "Mutation"]);
  for (const mutation of MUTATIONS) composite.add(named(field(types.Mutation, mutation).type));
  for (const name of composite) if (!types[name]) throw new Error(`GitHub's GraphQL schema has no type ${name}`);

  const leaves = new Set(["SCALAR", "ENUM"]);
  const kept = (owner) => ({ name, type, isDeprecated }) => {
    if (owner === "Query") return QUERIES.includes(name);
    if (owner === "Mutation") return MUTATIONS.includes(name);
    return !isDeprecated && (composite.has(named(type)) || leaves.has(types[named(type)].kind));
  };
  const fields = {};
  for (const name of composite) fields[name] = (types[name].fields ?? []).filter(kept(name));
  // What a kept type lacks because it is deprecated there, its interface may not promise.
  for (const name of composite) {
    if (types[name].kind !== "INTERFACE") continue;
    const implementers = types[name].possibleTypes.map((type) => type.name).filter((type) => composite.has(type));
    fields[name] = fields[name].filter((one) => implementers.every((type) => fields[type].some((other) => other.name === one.name)));
  }
  const inputs = new Set();
  const reach = (type) => {
    const name = named(type);
    if (composite.has(name) || inputs.has(name)) return;
    inputs.add(name);
    for (const input of types[name].inputFields ?? []) reach(input.type);
  };
  for (const name of composite) {
    for (const { type, args } of fields[name]) {
      reach(type);
      for (const argument of args) reach(argument.type);
    }
  }
  const builtIn = new Set(["Boolean", "Float", "ID", "Int", "String"]);
  return [...composite, ...inputs]
    .filter((name) => !builtIn.has(name))
    .sort()
    .map((name) => definition(types[name], fields[name], composite))
    .join("\n");
}

function definition(type, fields, composite) {
  const block = (head, lines) => `${head} {\n${lines.map((line) => `  ${line}\n`).join("")}}\n`;
  const input = ({ name, type: of, defaultValue }) => `${name}: ${typeText(of)}${defaultValue === null ? "" : ` = ${defaultValue}`}`;
  switch (type.kind) {
    case "SCALAR":
      return `scalar ${type.name}\n`;
    case "ENUM":
      return block(`enum ${type.name}`, type.enumValues.map((value) => value.name));
    case "UNION":
      return `union ${type.name} = ${type.possibleTypes.map((member) => member.name).filter((name) => composite.has(name)).join(" | ")}\n`;
    case "INPUT_OBJECT":
      return block(`input ${type.name}${type.isOneOf ? " @oneOf" : ""}`, type.inputFields.map(input));
    default: {
      const interfaces = type.interfaces.map((one) => one.name).filter((name) => composite.has(name));
      const head = `${type.kind === "INTERFACE" ? "interface" : "type"} ${type.name}`;
      const line = (one) => `${one.name}${one.args.length ? `(${one.args.map(input).join(", ")})` : ""}: ${typeText(one.type)}`;
      return block(interfaces.length ? `${head} implements ${interfaces.join(" & ")}` : head, fields.map(line));
    }
  }
}

const named = (type) => (type.ofType ? named(type.ofType) : type.name);
const field = (type, name) => type.fields.find((one) => one.name === name) ?? fail(`${type.name} has no field ${name}`);
function typeText(type) {
  if (type.kind === "NON_NULL") return `${typeText(type.ofType)}!`;
  return type.kind === "LIST" ? `[${typeText(type.ofType)}]` : type.name;
}

// --- Events ----------------------------------------------------------------------------------------------------------

// File names to payloads, and the names for which nothing is published.
function deriveEvents(published) {
  const files = {};
  const missing = [];
  for (const [event, action, wanted = () => true] of EVENTS) {
    const name = action ? `${event}.${action}` : event;
    const examples = published.find((one) => one.name === event)?.examples ?? [];
    const example = examples.find((payload) => (payload.action ?? null) === action && wanted(payload));
    if (example) files[`${name}.json`] = example;
    else missing.push(name);
  }
  return { files, missing };
}

// --- Writing ---------------------------------------------------------------------------------------------------------

function fail(message) {
  throw new Error(message);
}
const mapValues = (object, change) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));

// JSON with what fits a line on one line: small enough to keep, and a diff shows what changed.
function pretty(value, indent = "") {
  const flat = JSON.stringify(value);
  if (value === null || typeof value !== "object" || flat.length + indent.length <= 140) return flat;
  const inner = `${indent} `;
  const lines = Array.isArray(value)
    ? value.map((item) => inner + pretty(item, inner))
    : Object.entries(value).map(([key, item]) => `${inner}${JSON.stringify(key)}: ${pretty(item, inner)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${lines.join(",\n")}\n${indent}${close}`;
}

function versions(installed, events) {
  const rows = installed.map(({ name, version, license, integrity }) => `| \`${name}\` | ${version} | ${license} | \`${integrity}\` |`);
  const notices = installed.map(({ name, notice }) => (notice ? `### ${name}\n\n${notice.replace(/^(?=.)/gm, "> ").replace(/^$/gm, ">")}` : ""));
  return `<!-- Written by derive.mjs. -->
# Where the contract comes from

Derived on ${DERIVED_ON} from these packages on npm:

| Package | Version | Licence | Integrity |
|---|---|---|---|
${rows.join("\n")}

| File | From | What was done |
|---|---|---|
| \`openapi.json\` | GitHub's OpenAPI description of api.github.com, as \`@octokit/openapi\` publishes it | the operations that Sluice may call and the components they reach; prose, examples, defaults and \`x-*\` fields removed; \`nullable\` made a union with null; \`oneOf\` made \`anyOf\`; "(max 100)" of a parameter's prose made \`maximum\`; \`x-multi-segment\` kept as \`multiSegment\`; only the formats \`date-time\` and \`uri\` kept |
| \`github.graphql\` | \`schema.json\` of \`@octokit/graphql-schema\` | the listed types and what they reach; fields of other types, deprecated fields and prose removed |
| \`events/*.json\` | \`@octokit/webhooks-examples\`, api.github.com | the first published example of each, compact, content unchanged |

To derive again, for other versions or with more operations, change the lists in \`derive.mjs\` (versions and date included) and run

\`\`\`
node crates/github-stand-in/contract/derive.mjs
\`\`\`

The same versions give the same bytes. What is not in these files is not known to the tests, whether GitHub has it or not.

## Events

${Object.keys(events.files).map((name) => `- \`events/${name}\``).join("\n")}

The package holds no example of: ${events.missing.map((name) => `\`${name}\``).join(", ")}.

## Licence notices

All three packages are under the MIT licence. \`@octokit/webhooks-examples\` carries no notice of its own; its \`package.json\` names the licence.

${notices.filter(Boolean).join("\n\n")}
`;
}

const work = mkdtempSync(join(tmpdir(), "contract-"));
try {
  const wanted = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
  writeFileSync(join(work, "package.json"), '{"private": true}\n');
  execFileSync("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", "--loglevel=error", ...wanted], { cwd: work, stdio: ["ignore", "ignore", "inherit"] });
  const lock = JSON.parse(readFileSync(join(work, "package-lock.json"), "utf8"));
  const text = (name, file) => readFileSync(join(work, "node_modules", name, file), "utf8");
  const installed = Object.keys(PACKAGES).map((name) => {
    const { version, license } = JSON.parse(text(name, "package.json"));
    const file = ["LICENSE", "LICENSE.md"].find((candidate) => {
      try {
        return text(name, candidate);
      } catch {
        return false;
      }
    });
    return { name, version, license, integrity: lock.packages[`node_modules/${name}`].integrity, notice: file && text(name, file).trim() };
  });
  const introspection = JSON.parse(text("@octokit/graphql-schema", "schema.json"));
  const events = deriveEvents(JSON.parse(text("@octokit/webhooks-examples", "api.github.com/index.json")));

  writeFileSync(join(HERE, "openapi.json"), `${pretty(deriveOpenapi(JSON.parse(text("@octokit/openapi", "generated/api.github.com.json"))))}\n`);
  writeFileSync(join(HERE, "github.graphql"), `# Derived by derive.mjs; see VERSIONS.md.\n\n${deriveGraphql(introspection.__schema ?? introspection.data.__schema)}`);
  rmSync(join(HERE, "events"), { recursive: true, force: true });
  mkdirSync(join(HERE, "events"));
  for (const [name, payload] of Object.entries(events.files)) writeFileSync(join(HERE, "events", name), `${JSON.stringify(payload)}\n`);
  writeFileSync(join(HERE, "VERSIONS.md"), versions(installed, events));
} finally {
  rmSync(work, { recursive: true, force: true });
}
