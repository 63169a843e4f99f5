// Contacts in files: checked, taken over, undone, and exported in a form that comes back unchanged.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { ask, key, launch, open, signIn, url } from "./browser.mjs";

const CANARY = `<img src=x onerror="window.hurt=1">`;
const RUN = `f${Date.now().toString(36)}`;

let browser;
let business;
before(async () => {
  browser = await launch();
  business = (await ask("GET", "/sign-in")).data.business;
});
after(() => browser?.close());

const button = (page, name) => page.getByRole("button", { name, exact: true });
const named = async () => (await ask("GET", `/contacts?name=${RUN}`)).data.contacts;
const number = () => `+1202556${String(Math.floor(Math.random() * 10_000)).padStart(4, "0")}`;

test("a file is checked and changes nothing, is taken over with a report, and undone; an export holds it", async () => {
  const { context, page, wrong } = await open(browser, { acceptDownloads: true });
  await signIn(page, key);
  await page.goto(`${url}/console#/b/${business}/contacts`);
  await page.getByRole("link", { name: "Import and export" }).click();
  const rows = [
    ["Name", "Phone", "Tags", "Shoe size"],
    [`Dana ${RUN} ${CANARY}`, number(), "vip", "38"],
    [`דנה ${RUN}`, number(), "", ""],
    [`Broken ${RUN}`, "2.02556E+11", "", ""],
  ];
  const text = rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(";")).join("\r\n");
  await page.locator("#file").setInputFiles({ name: "people.csv", mimeType: "text/csv", buffer: Buffer.from(`\ufeff${text}`) });
  await page.getByLabel("Country of numbers").fill("us");
  await button(page, "Check the file").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Nothing is changed yet.").waitFor();
  await dialog.getByText("semicolons").waitFor();
  await dialog.locator("li", { hasText: /^Shoe size → left out$/ }).waitFor();
  await dialog.getByRole("row").filter({ hasText: "left out" }).first().waitFor();
  assert.deepEqual(await named(), [], "a check changes nothing");

  await button(dialog, "Take the rows over").click();
  await button(dialog, "Undo the import").waitFor();
  const made = await named();
  assert.ok(made.length >= 2, JSON.stringify(made));
  assert.ok(made.every(({ name }) => name.source === "import"));
  await button(dialog, "Close").click();
  await page.getByRole("row").filter({ hasText: "done" }).first().waitFor();

  await button(page, "Write the file").click();
  const link = page.getByRole("link", { name: "contacts.csv" });
  await link.waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  const exported = await readFile(await download.path(), "utf8");
  assert.ok(exported.includes(`דנה ${RUN}`) && exported.includes(CANARY.replaceAll('"', '""')), exported.slice(0, 500));

  await page.getByRole("row").filter({ hasText: "done" }).first().getByRole("button").click();
  await button(dialog, "Undo the import").click();
  await dialog.getByText("undone").first().waitFor();
  assert.deepEqual(await named(), [], "what was made is taken away");
  assert.equal(await page.evaluate(() => window.hurt), undefined, "what stands in a file is text");
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a file that is no table of contacts is refused in words", async () => {
  const { context, page, wrong } = await open(browser);
  await signIn(page, key);
  await page.goto(`${url}/console#/b/${business}/contacts/files`);
  await page.locator("#file").setInputFiles({ name: "picture.csv", mimeType: "text/csv", buffer: Buffer.from("Colour,Taste\r\nred,sweet\r\n") });
  await button(page, "Check the file").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("alert").getByText("cannot be imported").waitFor();
  assert.equal(await button(dialog, "Take the rows over").count(), 0);
  assert.deepEqual(wrong, []);
  await context.close();
});
