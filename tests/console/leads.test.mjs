// Leads: a source is added, tried and sent a form, what came of it is shown, and the source is removed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, key, launch, open, signIn } from "./browser.mjs";

const CANARY = `<img src=x onerror="window.hurt=1">`;

let browser;
before(async () => (browser = await launch()));
after(async () => {
  for (const { id } of (await ask("GET", "/lead-sources")).data.sources.filter((one) => one.name === CANARY)) {
    const { etag } = await ask("GET", `/lead-sources/${id}`);
    await ask("DELETE", `/lead-sources/${id}`, { headers: { "if-match": etag } });
  }
  await browser?.close();
});

const button = (page, name) => page.getByRole("button", { name, exact: true });

test("a source of leads is added, tried, sent a form, and removed", async () => {
  const { context, page } = await open(browser);
  await signIn(page, key);
  await page.getByRole("link", { name: "Leads", exact: true }).click();
  await button(page, "Add a source").click();
  let dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill(CANARY);
  await dialog.getByLabel("Where things stand in it").fill("owner = a");
  await button(dialog, "Add it").click();
  await dialog.getByRole("alert").getByText("not a part of a lead").waitFor();
  await dialog.getByLabel("Where things stand in it").fill("phone = who.phone, phone\nname = who.name\nmessage = text");
  await button(dialog, "Add it").click();
  const secret = await page.locator(".notice code").last().innerText();
  assert.match(secret, /^whsec_/);
  await page.getByRole("link", { name: CANARY }).click();
  await button(page, "Try it").click();
  dialog = page.getByRole("dialog");
  const body = JSON.stringify({ who: { phone: "+12025550149", name: CANARY }, text: CANARY });
  await dialog.getByLabel("What the form sends").fill(body);
  await button(dialog, "Read it").click();
  await dialog.getByText("It would be taken.").waitFor();
  await dialog.getByText("who.phone").waitFor();
  await page.keyboard.press("Escape");
  const made = (await ask("GET", "/lead-sources")).data.sources.find((one) => one.name === CANARY);
  const sent = await fetch(made.url, { method: "POST", body, headers: { "content-type": "application/json", "x-webhook-secret": secret } });
  assert.equal(sent.status, 202);
  const row = page.getByRole("row").filter({ hasText: "created" });
  await row.getByRole("link", { name: "the contact" }).waitFor();
  await row.getByRole("button").click();
  dialog = page.getByRole("dialog");
  await dialog.getByText("They wrote").waitFor();
  assert.equal(await dialog.locator("pre").innerText(), body);
  await page.keyboard.press("Escape");
  await button(page, "Remove").click();
  await button(page.getByRole("dialog"), "Remove").click();
  await button(page, "Add a source").waitFor();
  assert.equal(await page.getByRole("link", { name: CANARY }).count(), 0);
  assert.equal(await page.evaluate(() => window.hurt), undefined, "what people wrote is text");
  await context.close();
});
