// A bare parse by npm's `yaml`: every YAML file below a folder as values.
const fs = require("fs");
const path = require("path");
const { parseAllDocuments } = require("yaml");

let documents = 0;
const walk = (folder) => {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) walk(at);
    else if (/\.ya?ml$/.test(entry.name)) {
      documents += Array.from(parseAllDocuments(fs.readFileSync(at, "utf-8")), (document) => document.toJS()).length;
    }
  }
};
walk(process.argv[2]);
console.log(documents);
