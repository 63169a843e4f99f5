// Endpoints: one is added, tried and told of a call, sent an event once more, given another secret, disabled and removed.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { ask, key, launch, open, signIn, url } from "./browser.mjs";
import { placed } from "./calls.mjs";

const CANARY = `<img src=x onerror="window.hurt=1">`;

let browser;
let business;
let receiver;
/** What the receiver was sent, and what it answers. */
const got = [];
let status = 200;
before(async () => {
  browser = await launch();
  business = (await ask("GET", "/sign-in")).data.business;
  receiver = createServer(async (request, answer) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const { headers } = request;
    got.push({ headers, body: Buffer.concat(parts).toString() });
    answer.writeHead(status).end(`seen ${CANARY}`);
  });
  await new Promise((resolve) => receiver.listen(0, "127.0.0.1", resolve));
});
after(async () => {
  for (const { id } of (await ask("GET", "/endpoints")).data.endpoints.filter((one) => one.url.includes(`:${receiver.address().port}/`))) {
    const { etag } = await ask("GET", `/endpoints/${id}`);
    await ask("DELETE", `/endpoints/${id}`, { headers: { "if-match": etag } });
  }
  receiver.close();
  await browser?.close();
});

const button = (page, name) => page.getByRole("button", { name, exact: true });

/** Whether a secret signed a request, as the standard says that it is checked. */
function isSigned({ headers, body }, secret) {
  const bytes = Buffer.from(secret.replace("whsec_", ""), "base64");
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const expected = `v1,${createHmac("sha256", bytes).update(signed).digest("base64")}`;
  return headers["webhook-signature"].split(" ").includes(expected);
}

/** Waits until the receiver was sent what fits. */
async function sent(fits) {
  for (let waited = 0; waited < 120_000; waited += 50) {
    const found = got.find(fits);
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`the receiver was sent ${got.map(({ body }) => body.slice(0, 200)).join("\n")}`);
}

test("an endpoint is added, tried, told of a call, sent it again, given another secret, and removed", async () => {
  const { context, page, wrong } = await open(browser);
  await signIn(page, key);
  await page.getByRole("link", { name: "Endpoints", exact: true }).click();
  await button(page, "Add an endpoint").click();
  const dialog = page.getByRole("dialog");
  const address = `http://127.0.0.1:${receiver.address().port}/switchboard`;
  await dialog.getByLabel("Address").fill(address);
  await dialog.getByLabel("Description").fill(CANARY);
  await dialog.getByLabel("Events").fill("call.hummed");
  await dialog.getByLabel("Headers to send along").fill("X-Gateway-Key: one two");
  await button(dialog, "Add it").click();
  await dialog.getByRole("alert").getByText("call.hummed").waitFor();
  await dialog.getByLabel("Events").fill("call.* usage.warning");
  await button(dialog, "Add it").click();
  const secret = await page.locator(".notice code").innerText();
  assert.match(secret, /^whsec_/);

  await page.getByRole("link", { name: address }).click();
  await page.getByRole("heading", { name: CANARY }).waitFor();
  assert.equal(await page.getByText("one two").count(), 0, "a header's value is not shown");
  await button(page, "Send a test").click();
  status = 500;
  await button(dialog, "Send it").click();
  await dialog.getByText("It was not taken.").waitFor();
  await dialog.getByText(`seen ${CANARY}`).waitFor();
  status = 200;
  await button(dialog, "Send it again").click();
  await dialog.getByText("It was taken.").waitFor();
  await page.keyboard.press("Escape");
  const tried = await sent(({ body }) => JSON.parse(body).test === true);
  assert.ok(isSigned(tried, secret), "the secret that was shown signs");
  assert.equal(tried.headers["x-gateway-key"], "one two");
  assert.equal(isSigned(tried, `whsec_${Buffer.from("another").toString("base64")}`), false);

  const call = await placed();
  await call.end();
  const isOfCall = ({ body }) => body.includes(call.sid) && JSON.parse(body).type === "call.completed";
  const told = await sent(isOfCall);
  assert.ok(isSigned(told, secret));
  const row = page.getByRole("row").filter({ hasText: "call.completed" }).filter({ hasText: "delivered" }).first();
  await row.getByRole("button").click();
  await dialog.getByText(told.headers["webhook-id"]).waitFor();
  await dialog.getByRole("listitem").filter({ hasText: "200" }).waitFor();
  await button(dialog, "Send it once more").click();
  await dialog.getByText("asked for").waitFor();
  await page.keyboard.press("Escape");
  const copies = got.filter(isOfCall);
  assert.equal(copies.length, 2);
  assert.equal(copies[0].headers["webhook-id"], copies[1].headers["webhook-id"], "the receiver can know it again");

  await button(page, "Another secret").click();
  await dialog.getByLabel("Hours that the secret before it is good as well").fill("1");
  await button(dialog, "Make it").click();
  const newer = await page.locator(".notice code").innerText();
  assert.notEqual(newer, secret);
  await page.getByText("The secret before signs until").waitFor();
  const before = got.length;
  await button(page, "Send a test").click();
  await button(dialog, "Send it").click();
  await dialog.getByText("It was taken.").waitFor();
  await page.keyboard.press("Escape");
  assert.ok(isSigned(got[before], newer) && isSigned(got[before], secret), "both secrets sign for an hour");

  await button(page, "Change").click();
  await dialog.getByLabel("Of which calls").selectOption("inbound");
  await dialog.getByLabel("Send no headers along any more").check();
  await button(dialog, "Change it").click();
  await dialog.waitFor({ state: "detached" });
  await page.getByText("inbound calls").waitFor();
  await button(page, "Disable").click();
  await button(dialog, "Disable").click();
  await page.getByText("by a person of the business").waitFor();
  assert.equal(await button(page, "Send again what failed").count(), 0, "what is disabled is sent nothing");
  await button(page, "Enable").click();
  await button(page, "Send again what failed").click();
  await dialog.getByLabel("Since").fill("2026-01-01T00:00");
  await button(dialog, "Send it").click();
  await dialog.waitFor({ state: "detached" });
  await button(page, "Remove").click();
  await button(dialog, "Remove").click();
  await page.getByRole("heading", { name: "Endpoints", exact: true }).waitFor();
  await page.getByRole("link", { name: address }).waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a change of what another person changed meanwhile is not lost", async () => {
  const { context, page } = await open(browser);
  const body = { url: `http://127.0.0.1:${receiver.address().port}/other`, types: ["usage.*"] };
  const { data: made, etag } = await ask("POST", "/endpoints", { body, headers: { "idempotency-key": crypto.randomUUID() } });
  await page.clock.install();
  await signIn(page, key);
  await page.goto(`${url}/console#/b/${business}/endpoints/${made.id}`);
  await button(page, "Change").click();
  await ask("PATCH", `/endpoints/${made.id}`, { headers: { "if-match": etag }, body: { description: "theirs" } });
  // The page behind the dialog is read again; the dialog is about what was seen when it opened.
  const read = page.waitForResponse((answer) => answer.url().endsWith(`/endpoints/${made.id}`) && answer.request().method() === "GET");
  await page.clock.runFor(31_000);
  await read;
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Description").fill("mine");
  await button(dialog, "Change it").click();
  await dialog.getByText("change it as it is now").waitFor();
  assert.equal((await ask("GET", `/endpoints/${made.id}`)).data.description, "theirs");
  await context.close();
});
