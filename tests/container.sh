#!/usr/bin/env bash
# Builds the Action's image around a static binary that was compiled elsewhere, and looks at it the way the runner starts it: as root, in
# /github/workspace, on a workspace that another user owns. Prints the compressed size, which must stay under 15 MB.
#
#   RUSTFLAGS='-C target-feature=+crt-static' cargo build --profile dist -p sluice-gitops --target x86_64-unknown-linux-gnu
#   cargo build -p github-stand-in    # the stand-in GitHub, for the second argument
#   tests/container.sh target/x86_64-unknown-linux-gnu/dist/sluice target/debug/github-stand-in
#
# Needs root and Debian's packages buildah, podman, runc, git and ca-certificates. Reaches no network.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=${1:?which static binary? see the head of this script}
# The stand-in GitHub, where the image is to reconcile a repository on it as well.
standin=${2:-}
image=localhost/sluice-test
limit=15000000

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# A storage of its own, so that nothing is left behind and nothing of the machine is touched.
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$work/storage" "$work/run" >"$work/storage.conf"
export CONTAINERS_STORAGE_CONF=$work/storage.conf
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null

step() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
run() { podman --runtime runc run --rm --network host --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 "$@"; }

step build
mkdir -p "$work/context/container/prebuilt"
cp container/gitconfig "$work/context/container/"
cp "$binary" "$work/context/container/prebuilt/sluice"
cp /etc/ssl/certs/ca-certificates.crt "$work/context/container/prebuilt/"
buildah bud --quiet --isolation chroot --build-arg FILES=prebuilt --tag "$image" --file Dockerfile "$work/context"

step 'nothing but three files'
# A container's root also shows what the engine mounts into it, so look at the image itself.
mounted=$(buildah from "$image")
root=$(buildah mount "$mounted")
files=$(cd "$root" && find . ! -type d | sort)
buildah umount "$mounted" >"$work/umount"
buildah rm "$mounted" >"$work/rm"
printf '%s\n' "$files"
[ "$files" = $'./etc/gitconfig\n./etc/ssl/certs/ca-certificates.crt\n./sluice' ] || fail 'the image holds other files'

step 'no shell, no user, no folder'
config=$(podman image inspect --format 'user={{.Config.User}} folder={{.Config.WorkingDir}} entrypoint={{.Config.Entrypoint}}' "$image")
printf '%s\n' "$config"
[[ $config =~ ^user=\ folder=/?\ entrypoint=\[/sluice\]$ ]] || fail 'the image sets more than its entrypoint'
for shell in /bin/sh /bin/bash /bin/busybox; do
  if run --entrypoint "$shell" "$image" -c true >"$work/shell" 2>&1; then fail "$shell runs"; fi
  grep -q 'no such file or directory' "$work/shell" || fail "$shell fails for another reason: $(cat "$work/shell")"
done

step 'a workspace of another user'
# Manifests as a repository with one commit, owned by the runner's user.
repository=$work/repository
cp -R fixtures/repos/k3s-upgrade-version "$repository"
git -C "$repository" init --quiet --initial-branch main
git -C "$repository" -c user.name=test -c user.email=test@example.invalid add .
git -C "$repository" -c user.name=test -c user.email=test@example.invalid commit --quiet --message 'Start'
chown -R 1001:1001 "$repository"
# What the runner does (docker run --rm --workdir … -e … -v …), as far as it matters here.
action() {
  run --volume "$repository:/github/workspace" --workdir /github/workspace \
    --env HOME=/github/home --env GITHUB_WORKSPACE=/github/workspace "$image" "$@"
}
action --version
action validate
action plan | tee "$work/plan"
grep -q 'k3s-upgrade' "$work/plan" || fail 'plan does not name the pipeline'
commit=$(git -C "$repository" -c safe.directory="$repository" rev-parse --short=7 HEAD)
grep -q "$commit" "$work/plan" || fail "plan did not read the repository's commit $commit"

step 'no other folder of another user'
if run --volume "$repository:/elsewhere" "$image" plan /elsewhere >"$work/elsewhere" 2>&1; then
  cat "$work/elsewhere"
  fail 'a repository of another user outside the workspace was opened'
fi
cat "$work/elsewhere"
grep -q 'belongs to another user' "$work/elsewhere" || fail 'it was refused for another reason'

if [ -n "$standin" ]; then
  step 'reconcile a repository on the stand-in GitHub, as a step of a workflow'
  port=8937
  # The stand-in runs as this user, and reads a copy that is its own.
  cp -R "$repository" "$work/served"
  chown -R "$(id -u)" "$work/served"
  "$standin" --repo "acme/gitops=$work/served" --port "$port" --user carol=write --latency 60 \
    --app 4242=contents:write,pull-requests:write,issues:write,statuses:write,actions:read >"$work/standin" &
  standin_pid=$!
  trap 'kill "$standin_pid" 2>/dev/null || true; rm -rf "$work"' EXIT
  for _ in $(seq 50); do
    if grep -q ghs_ "$work/standin"; then break; fi
    sleep 0.1
  done
  token=$(grep -o 'ghs_[A-Za-z0-9]*' "$work/standin" | head -1)
  mkdir -p "$work/commands"
  # The environment and the mounts of the runner; the token only as an input.
  workflow_step() {
    : >"$work/commands/output"; : >"$work/commands/summary"
    run "$@" --volume "$repository:/github/workspace" --volume "$work/commands:/github/file_commands" --workdir /github/workspace \
      --env HOME=/github/home --env GITHUB_ACTIONS=true --env CI=true --env GITHUB_WORKSPACE=/github/workspace \
      --env GITHUB_REPOSITORY=acme/gitops --env GITHUB_EVENT_NAME=schedule --env GITHUB_RUN_ID=1 \
      --env GITHUB_SERVER_URL=https://github.com --env "GITHUB_API_URL=http://127.0.0.1:$port" \
      --env "GITHUB_GRAPHQL_URL=http://127.0.0.1:$port/graphql" --env GITHUB_OUTPUT=/github/file_commands/output \
      --env GITHUB_STEP_SUMMARY=/github/file_commands/summary --env INPUT_COMMAND=reconcile --env INPUT_DRY-RUN=false \
      --env "INPUT_TOKEN=$token" "$image"
  }

  # Cancelled in the middle: it writes nothing more, and ends by itself.
  workflow_step --name sluice-cancelled >"$work/cancelled" 2>&1 &
  cancelled=$!
  for _ in $(seq 100); do
    if [ "$(podman inspect --format '{{.State.Running}}' sluice-cancelled 2>/dev/null)" = true ]; then break; fi
    sleep 0.05
  done
  sleep 0.15
  podman --runtime runc kill --signal TERM sluice-cancelled >"$work/kill" 2>&1 || true
  if wait "$cancelled"; then fail 'a cancelled run says that it is done'; fi
  grep -q 'told to stop' "$work/cancelled" || fail "a cancelled run says: $(cat "$work/cancelled")"

  workflow_step >"$work/log" 2>&1 || fail "it failed: $(cat "$work/log")"
  cat "$work/log"
  head -1 "$work/log" | grep -q '^::add-mask::' || fail 'the token is not masked first'
  [ "$(grep -c "$token" "$work/log")" = 1 ] || fail 'the token is in the log'
  grep -q '"stage":"prod"' "$work/commands/output" || fail "the outputs are: $(cat "$work/commands/output")"
  grep -q '^### Sluice: 1 waits' "$work/commands/summary" || fail "the summary is: $(cat "$work/commands/summary")"
  workflow_step >"$work/again" 2>&1 || fail "the second run failed: $(cat "$work/again")"
  grep -q '(0 of them writes)' "$work/again" || fail "a second run wrote: $(cat "$work/again")"
  kill "$standin_pid"
fi

step size
podman save --quiet --format docker-archive --output "$work/image.tar" "$image"
size=$(gzip -9 --stdout "$work/image.tar" | wc -c)
printf 'binary     %s bytes\ncompressed %s bytes (limit %s)\n' "$(stat --format %s "$binary")" "$size" "$limit"
[ "$size" -lt "$limit" ] || fail 'the image is too large'
