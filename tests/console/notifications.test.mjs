// Notifications: a room is added with its rules, tried, told of what happens, disabled, enabled and removed.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { ask, key, launch, open, signIn, url } from "./browser.mjs";

const NAME = `Room <img src=x onerror="window.hurt=1"> ${Date.now().toString(36)}`;

let browser;
let room;
/** What the room was sent. */
const got = [];
before(async () => {
  browser = await launch();
  room = createServer(async (request, answer) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    got.push(JSON.parse(Buffer.concat(parts).toString()));
    answer.writeHead(200).end("ok");
  });
  await new Promise((resolve) => room.listen(0, "127.0.0.1", resolve));
});
after(async () => {
  room.close();
  await browser?.close();
});

const button = (page, name) => page.getByRole("button", { name, exact: true });
const receiver = async () => (await ask("GET", "/notifications/receivers")).data.receivers.find((one) => one.name === NAME);

test("a room is added, tried, disabled, enabled and removed", async () => {
  const { context, page, wrong } = await open(browser);
  await signIn(page, key);
  await page.getByRole("link", { name: "Notifications", exact: true }).click();
  await button(page, "Add a receiver").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(NAME);
  await dialog.getByLabel("Address of the webhook").fill(`http://127.0.0.1:${room.address().port}/services/T000/B000/abcdefgh`);
  await button(dialog, "Add it").click();
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("A call was missed").check();
  await dialog.getByLabel("in quiet hours, too").check();
  await dialog.getByLabel("Quiet hours on each day").fill("22:00-07:00");
  await button(dialog, "Add it").click();
  const row = page.getByRole("row").filter({ hasText: NAME });
  await row.getByText("A call was missed (urgent)").waitFor();
  await row.getByText("22:00-07:00").waitFor();
  assert.equal(await row.getByText("services").count(), 0, "its address is not shown");
  assert.deepEqual((await receiver()).rules, [{ on: "missed_call", urgent: true }]);

  await button(row, "Send a test").click();
  await button(dialog, "Send it").click();
  await dialog.getByText("It was taken").waitFor();
  assert.match(got[0].text, /Notifications arrive here/);
  await page.keyboard.press("Escape");

  await button(row, "Disable").click();
  await button(dialog, "Disable").click();
  await row.getByText("disabled", { exact: true }).waitFor();
  await button(row, "Enable").click();
  await row.getByText("active", { exact: true }).waitFor();
  await button(row, "Remove").click();
  await button(dialog, "Remove").click();
  await row.waitFor({ state: "detached" });
  assert.equal(await receiver(), undefined);
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("on a laptop the screen leads to the e-mails that are mailed to nobody, and in a deployment to nothing", async () => {
  const { context, page, wrong } = await open(browser);
  await signIn(page, key);
  await page.getByRole("link", { name: "Notifications", exact: true }).click();
  const link = page.getByRole("link", { name: "the outbox of e-mails" });
  await link.waitFor();
  assert.equal(await link.getAttribute("rel"), "noopener noreferrer");
  assert.equal((await fetch(await link.getAttribute("href"))).status, 401, "it is read with the data folder's keys");
  await page.route(`${url}/console`, async (route) => {
    const answer = await route.fetch();
    const { link: _, ...headers } = answer.headers();
    await route.fulfill({ response: answer, headers });
  });
  const asked = page.waitForResponse((answer) => answer.url() === `${url}/console` && answer.request().resourceType() === "fetch");
  await page.reload();
  await asked;
  await page.getByText("Notifications of the last 30 days").waitFor();
  assert.equal(await link.count(), 0);
  assert.deepEqual(wrong, []);
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await context.close();
});
