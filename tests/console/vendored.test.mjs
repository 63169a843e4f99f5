// The vendored files are those of the packages, but for the addresses of what they import.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";

const folder = join(process.env.CONSOLE ?? "../../functions/console", "vendor");
const require = createRequire(import.meta.url);

/** File, package, the file in it. */
const VENDORED = [
  ["preact.js", "preact", "dist/preact.mjs"],
  ["hooks.js", "preact", "hooks/dist/hooks.mjs"],
  ["htm.js", "htm", "dist/htm.module.js"],
];

test("every vendored file is its package's", async () => {
  for (const [file, name, path] of VENDORED) {
    const root = require.resolve(name).replace(new RegExp(`(node_modules/${name}/).*`), "$1");
    const original = await readFile(join(root, path), "utf8");
    assert.equal(await readFile(join(folder, file), "utf8"), original.replaceAll('from"preact"', 'from"./preact.js"'), file);
    const licence = await readFile(join(folder, "LICENCES.txt"), "utf8");
    const { version, license } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
    assert.ok(licence.includes(`${name} ${version} (${license})`), `${file}: LICENCES.txt names its version and licence`);
  }
  const known = new Set(VENDORED.map(([file]) => file));
  const foreign = (await readdir(folder)).filter((file) => file.endsWith(".js") && !known.has(file));
  assert.deepEqual(foreign, []);
});
