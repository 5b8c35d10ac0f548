// npm's `yaml` as its users use it: `document` parses, sets and prints a document, with the options that keep most of its layout; `tokens`
// replaces the source tokens of the values.
const fs = require("fs");
const { Composer, CST, Parser, parseDocument } = require("yaml");

const MODES = {
  document(text, edits) {
    const document = parseDocument(text, { keepSourceTokens: true });
    if (document.errors.length > 0) throw document.errors[0];
    for (const [path, value] of edits) document.setIn(path, value);
    // A list directly below its key, with the same indentation.
    const isFlush = /^( *)[^\s#-].*:[ \t]*(#.*)?\r?\n(\1#.*\r?\n)*\1- /m.test(text);
    return document.toString({ lineWidth: 0, flowCollectionPadding: false, indentSeq: !isFlush });
  },

  tokens(text, edits) {
    const tokens = Array.from(new Parser().parse(text));
    const [document] = new Composer({ keepSourceTokens: true }).compose(tokens);
    if (document.errors.length > 0) throw document.errors[0];
    for (const [path, value] of edits) CST.setScalarValue(document.getIn(path, true).srcToken, value);
    return tokens.map((token) => CST.stringify(token)).join("");
  },
};

// `spec.containers[0].image` as ["spec", "containers", 0, "image"].
const steps = (path) => path.match(/[^.[\]]+/g).map((step) => (/^\d+$/.test(step) ? Number(step) : step));

const files = new Map();
for (const line of fs.readFileSync(0, "utf-8").split("\n").filter(Boolean)) {
  const [file, path, value] = line.split("\t");
  if (!files.has(file)) files.set(file, []);
  files.get(file).push([steps(path), value]);
}
const edit = MODES[process.argv[2]];
for (const [file, edits] of files) {
  try {
    fs.writeFileSync(file, edit(fs.readFileSync(file, "utf-8"), edits));
  } catch (error) {
    console.log(`${file}\t${error.message.replace(/\s+/g, " ")}`);
  }
}
