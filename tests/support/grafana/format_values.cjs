// Formats values as Grafana does: [[unit, decimals, value], ...] on stdin, the texts as JSON on stdout.
// The first argument is a folder of node modules with @grafana/data.
const { createRequire } = require("node:module");
const { readFileSync, writeSync } = require("node:fs");
// what the package expects of a browser when it is loaded
const nothing = () => undefined;
console.info = console.log = nothing; // stdout is for the texts
globalThis.window = globalThis;
globalThis.addEventListener = nothing;
const element = () => ({ style: {}, appendChild: nothing, setAttribute: nothing });
globalThis.document ??= {
  addEventListener: nothing, createElement: element, createTextNode: element, getElementsByTagName: () => [], head: element(),
};
globalThis.history ??= { pushState: nothing, replaceState: nothing };
globalThis.navigator ??= { language: "en", languages: ["en"] };
globalThis.localStorage ??= { getItem: () => null, setItem: nothing, removeItem: nothing };
const load = createRequire(`${process.argv[2]}/`);
const { formattedValueToString, getValueFormat } = load("@grafana/data");
const asked = JSON.parse(readFileSync(0, "utf8"));
const texts = asked.map(([unit, decimals, value]) => formattedValueToString(getValueFormat(unit)(value, decimals)));
writeSync(1, JSON.stringify(texts));
process.exit(0);
