// What a browser gets of each script, without comments that begin a line and without indentation, is the program that was
// written: the same tokens on the same lines.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "acorn";
import { url } from "./browser.mjs";

const folder = process.env.CONSOLE ?? "../../functions/console";
const scripts = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith(".js")).sort();

/** The tokens of a script with their lines, and its template literals. */
function read(script) {
  const tokens = [];
  const tree = parse(script, { ecmaVersion: "latest", sourceType: "module", locations: true, onToken: tokens });
  const templates = [];
  const walk = (node, tag) => {
    if (Array.isArray(node)) return node.forEach((one) => walk(one));
    if (typeof node?.type !== "string") return;
    if (node.type === "TemplateLiteral") templates.push({ tag, line: node.loc.start.line, texts: node.quasis.map((quasi) => quasi.value.raw) });
    for (const [name, part] of Object.entries(node)) {
      if (typeof part === "object" && part !== null) walk(part, node.type === "TaggedTemplateExpression" && name === "quasi" ? node.tag.name : undefined);
    }
  };
  walk(tree);
  // Between elements, htm takes any white space with a line's end for nothing.
  const plain = (value) => (typeof value === "string" ? value.replaceAll(/[ \t]*\n[ \t]*/g, "\n") : String(value?.pattern ?? value));
  return { tokens: tokens.map(({ type, value, loc }) => `${loc.start.line}: ${type.label} ${plain(value)}`), templates };
}

test("every script is served as it was written, line by line", async () => {
  assert.ok(scripts.length > 20, `${scripts.length} scripts`);
  const page = await (await fetch(`${url}/console`)).text();
  const [, digest] = page.match(/console\/([0-9a-f]+)\/main\.js/);
  for (const file of scripts) {
    const source = await readFile(join(folder, file), "utf8");
    const answer = await fetch(`${url}/console/${digest}/${file}`);
    assert.equal(answer.status, 200, file);
    assert.deepEqual(read(await answer.text()).tokens, read(source).tokens, file);
  }
});

test("a template literal of several lines is markup, and no line of it begins as a comment does", async () => {
  for (const file of scripts.filter((file) => !file.startsWith("vendor"))) {
    for (const { tag, line, texts } of read(await readFile(join(folder, file), "utf8")).templates) {
      const lines = texts.flatMap((text) => text.split("\n").slice(1));
      if (lines.length) assert.equal(tag, "html", `${file}:${line}: its indentation would be lost`);
      for (const text of lines) assert.doesNotMatch(text.trim(), /^\/[/*]/, `${file}:${line}`);
    }
  }
});
