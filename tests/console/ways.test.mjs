// What people do with the console, from the first step to the last, and what others must not be able to do with it.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { ask, key, launch, open, operatorKey, signIn, url } from "./browser.mjs";

const CANARY = `<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>`;

let browser;
let business;
before(async () => {
  browser = await launch();
  business = (await ask("GET", "/sign-in")).data.business;
});
after(() => browser?.close());

const at = (place) => `${url}/console#/b/${business}/${place}`;
const button = (page, name) => page.getByRole("button", { name, exact: true });

test("a wrong key is answered in words, and the right one is kept nowhere", async () => {
  const { context, page, wrong } = await open(browser);
  await page.goto(`${url}/console`);
  await page.getByLabel("API key").fill("swb_bus_wrong");
  await page.keyboard.press("Enter");
  await page.getByText("This key is not known").waitFor();
  await signIn(page, key);
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie + location.href);
  assert.ok(!kept.includes(key.slice(8)));
  const [cookie] = await context.cookies();
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.path], [true, "Strict", "/"]);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a sign-out ends the cookie, and one everywhere ends every other", async () => {
  const [one, other] = [await open(browser), await open(browser)];
  await signIn(one.page, key);
  await signIn(other.page, key);
  const held = await one.context.cookies();
  await one.page.locator(".account summary").click();
  await button(one.page, "Sign out").click();
  await one.page.getByLabel("API key").waitFor();
  await one.context.addCookies(held);
  await one.page.goto(`${url}/console`);
  await one.page.reload();
  await one.page.getByLabel("API key").waitFor();
  await signIn(one.page, key);
  await one.page.locator(".account summary").click();
  await button(one.page, "Sign out everywhere").click();
  await one.page.getByLabel("API key").waitFor();
  await other.page.goto(at("keys"));
  await other.page.getByLabel("API key").waitFor();
  await one.context.close();
  await other.context.close();
});

test("the console is used by keyboard alone", async () => {
  const { context, page, wrong } = await open(browser);
  await page.goto(`${url}/console`);
  await page.getByLabel("API key").waitFor();
  await page.keyboard.press("Tab");
  await page.keyboard.type(key);
  await page.keyboard.press("Enter");
  await page.locator("#side").waitFor({ state: "attached" });
  await page.getByText("Latest calls").waitFor();
  await page.getByRole("link", { name: "Calls", exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Calls", exact: true }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.tagName), "H1", "the heading of a new screen has the focus");
  await page.getByRole("button", { name: "Place a call" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "Place a call", "the focus goes back");
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a greeting is edited, published, compared and restored", async () => {
  const { context, page, wrong } = await open(browser);
  await signIn(page, key);
  await page.goto(at("settings"));
  const greeting = page.getByLabel("Greeting", { exact: true });
  const before = await greeting.inputValue();
  await greeting.fill(`Good morning. ${CANARY}`);
  await page.getByText("1 field differs").waitFor();
  await button(page, "Publish").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Good morning.").waitFor();
  await dialog.getByLabel("Note").fill(`A new greeting ${CANARY}`);
  await dialog.getByRole("button", { name: "Publish", exact: true }).click();
  await dialog.waitFor({ state: "detached" });
  const published = (await ask("GET", "/settings")).data;
  assert.ok(published.prompts.inbound.greeting.startsWith("Good morning."));
  await page.goto(at(`settings?revision=${published.revision}`));
  await page.locator("ins").getByText("Good morning.").waitFor();
  await page.goto(at("settings?revision=1"));
  await button(page, "Restore").click();
  await page.getByRole("dialog").getByRole("button", { name: "Restore" }).click();
  await page.getByText(`Revision ${published.revision + 1} is published.`).waitFor();
  assert.equal((await ask("GET", "/settings")).data.prompts.inbound.greeting, before);
  assert.equal(await page.evaluate(() => window.hurt), undefined, "what people wrote is text");
  assert.deepEqual(wrong, []);
  await context.close();
});

test("opening hours and a directory are typed, and what is wrong stands beside them", async () => {
  const { context, page, wrong } = await open(browser);
  await signIn(page, key);
  await page.goto(at("settings"));
  await page.getByLabel("The business has opening hours").check();
  await page.getByLabel("Monday").fill("");
  await page.getByLabel("Monday").pressSequentially("09:00-12:00, 13:00-18:00");
  await page.getByLabel("Outside these hours").selectOption("forward");
  const directory = page.getByRole("region", { name: "Directory" });
  await directory.getByRole("button", { name: "Add" }).click();
  await directory.getByLabel("Id").fill("desk");
  await directory.getByLabel("Who it is").fill(CANARY);
  await directory.getByLabel("Number").fill("+12025550187");
  await page.getByLabel("The person").selectOption("desk");
  await page.getByText("Draft saved: 2 fields differ").waitFor();
  const draft = (await ask("GET", "/settings/draft")).data;
  assert.deepEqual(draft.hours.week.monday, ["09:00-12:00", "13:00-18:00"]);
  assert.deepEqual([draft.hours.outside, draft.tools.directory[0].id], [{ forward: { to: "desk" } }, "desk"]);
  await button(page, "Discard the draft").click();
  await page.getByRole("dialog").getByRole("button", { name: "Discard the draft" }).click();
  await page.getByText("The draft is as published.").waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test("of two editors the second one merges, and nothing is lost", async () => {
  const { context, page: one, wrong } = await open(browser);
  const other = await context.newPage();
  await signIn(one, key);
  await other.goto(at("settings"));
  await one.goto(at("settings"));
  const field = (page, name) => page.getByRole("textbox", { name, exact: true });
  await field(one, "Voice").waitFor();
  await field(other, "Voice").waitFor();
  await field(one, "Voice").fill("cedar");
  await one.getByText("1 field differs").waitFor();
  await field(other, "Greeting of a placed call").fill("Hello from the other window.");
  await other.getByText("was saved somewhere else meanwhile").waitFor();
  await other.getByRole("group", { name: "/voice/voice" }).getByLabel("the other one").check();
  await button(other, "Go on with these").click();
  await other.getByText("2 fields differ").waitFor();
  const draft = (await ask("GET", "/settings/draft")).data;
  assert.deepEqual([draft.voice.voice, draft.prompts.outbound.greeting], ["cedar", "Hello from the other window."]);
  await button(other, "Discard the draft").click();
  await other.getByRole("dialog").getByRole("button", { name: "Discard the draft" }).click();
  await other.getByText("The draft is as published.").waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a key is made, shown once, signed in with, and revoked", async () => {
  const { context, page, wrong } = await open(browser);
  const name = `${CANARY} ${Date.now()}`;
  await signIn(page, key);
  await page.goto(at("keys"));
  await button(page, "Make a key").click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill(name);
  await dialog.getByRole("button", { name: "Make it" }).click();
  const text = await page.locator(".copy code").textContent();
  const viewer = await open(browser);
  await signIn(viewer.page, text);
  await viewer.page.getByRole("link", { name: "Calls", exact: true }).waitFor();
  assert.equal(await viewer.page.getByRole("link", { name: "Keys", exact: true }).count(), 0, "a viewer sees no keys");
  await page.reload();
  await page.getByText(name).waitFor();
  assert.equal(await page.locator(".copy").count(), 0, "the key is shown once");
  const row = page.getByRole("row").filter({ hasText: name });
  await row.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await row.getByText("revoked").waitFor();
  await viewer.page.getByRole("link", { name: "Calls", exact: true }).click();
  await viewer.page.getByLabel("API key").waitFor();
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  assert.deepEqual([...wrong, ...viewer.wrong], []);
  await context.close();
  await viewer.context.close();
});

test("a call is placed, watched live, spoken into, ended, played and shared", async () => {
  const { context, page, wrong } = await open(browser);
  await signIn(page, key);
  await page.goto(at("calls"));
  await button(page, "Place a call").click();
  const order = page.getByRole("dialog");
  await order.getByLabel("To", { exact: true }).fill("+12025550187");
  await order.getByLabel("What the call is about").fill(CANARY);
  await order.getByRole("button", { name: "Call", exact: true }).click();
  await page.getByRole("heading", { name: "Steer the call" }).waitFor();
  await page.locator(".talk li").first().waitFor();
  const watching = await context.newPage();
  await watching.goto(at("live"));
  await watching.getByText("One call is going on.").waitFor();
  await page.getByLabel("Words").fill("We close in ten minutes.");
  await button(page, "Say it to the caller").click();
  await page.getByText(/say: /).waitFor();
  await button(page, "End the call").click();
  await page.getByRole("dialog").getByRole("button", { name: "End the call" }).click();
  await page.locator("audio").waitFor({ timeout: 60_000 });
  await page.getByText("What it came to").waitFor();
  const lines = await page.locator(".talk li").count();
  assert.ok(lines > 0);
  await page.locator(".talk button").last().click();
  await page.waitForFunction(() => (document.querySelector("audio")?.currentTime ?? 0) > 0);
  await button(page, "Share").click();
  await button(page, "Make a link").click();
  const link = await page.locator(".copy code").textContent();
  assert.equal((await fetch(link)).status, 200, link);
  await button(page, "Revoke").click();
  await page.getByRole("dialog", { name: "Revoke" }).getByRole("button", { name: "Revoke" }).click();
  await page.getByText("revoked").waitFor();
  assert.notEqual((await fetch(link)).status, 200);
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("an operator adds a business and suspends it, and another's key finds nothing of it", async () => {
  const { context, page, wrong } = await open(browser);
  await signIn(page, operatorKey);
  await page.goto(`${url}/console#/d/businesses`);
  await button(page, "Add a business").click();
  const id = `shop-${Date.now()}`;
  await page.getByRole("dialog").getByLabel("Name").fill(CANARY);
  await page.getByRole("dialog").getByLabel("Id").fill(id);
  await page.getByRole("dialog").getByRole("button", { name: "Add", exact: true }).click();
  await page.getByText("Nothing is published yet").waitFor();
  await page.goto(`${url}/console#/b/${id}/profile`);
  await button(page, "Suspend").click();
  await page.getByRole("dialog").getByLabel("Reason").fill("unpaid");
  await page.getByRole("dialog").getByRole("button", { name: "Suspend" }).click();
  await page.getByText("suspended").first().waitFor();
  const owner = await open(browser);
  await signIn(owner.page, key);
  await owner.page.goto(`${url}/console#/b/${id}/profile`);
  await owner.page.getByText("there is no such business").first().waitFor();
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  assert.deepEqual([...wrong, ...owner.wrong], []);
  await context.close();
  await owner.context.close();
});

test("a day of more requests than a page holds is read and exported whole", async () => {
  const place = `/do-not-call/${encodeURIComponent("+12025550177")}`;
  for (let change = 0; change < 105; change += 1) await ask("PUT", place, { body: {} });
  await ask("DELETE", place);
  const { context, page, wrong } = await open(browser);
  await signIn(page, key);
  await page.goto(at("audit"));
  await page.getByRole("row").nth(100).waitFor();
  const download = page.waitForEvent("download");
  await button(page, "Export the day").click();
  const chunks = [];
  for await (const chunk of await (await download).createReadStream()) chunks.push(chunk);
  const { entries } = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  const changes = entries.filter(({ method, path }) => method === "PUT" && path.includes("do-not-call"));
  assert.ok(changes.length >= 105, `${changes.length} changes of ${entries.length} entries`);
  await button(page, "Further").click();
  await button(page, "Back").waitFor();
  await page.getByLabel("Day").fill("2020-01-01");
  await page.getByText("Nothing was asked.").waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a problem of the API is shown in words, with the request's id", async () => {
  const { context, page } = await open(browser);
  await signIn(page, key);
  await page.route("**/usage*", (route) =>
    route.fulfill({ status: 503, contentType: "application/problem+json", headers: { "x-request-id": "request-7" }, body: JSON.stringify({ title: "temporarily unavailable", detail: "try again shortly", code: "x" }) }),
  );
  await page.goto(at("usage"));
  await page.getByRole("alert").getByText("try again shortly").waitFor();
  await page.getByText("request-7").waitFor();
  await page.unroute("**/usage*");
  await button(page, "Try again").click();
  await page.getByText("Minutes").first().waitFor();
  await context.close();
});

test("a page of another origin has no effect", async () => {
  const { context, page } = await open(browser);
  await signIn(page, key);
  const foreign = createServer((_, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end("<!doctype html><title>foreign</title>");
  });
  await new Promise((ready) => foreign.listen(0, "127.0.0.1", ready));
  const { port } = foreign.address();
  const keys = async () => (await ask("GET", "/keys")).data.keys.length;
  const known = await keys();
  // Another port of the same host is the same site: the cookie travels along, and the request is refused all the same.
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.evaluate(async (url) => {
    const body = JSON.stringify({ name: "stolen", role: "owner" });
    const send = (options) => fetch(`${url}/v1/keys`, { method: "POST", credentials: "include", body, ...options }).catch(() => {});
    await send({ mode: "no-cors" });
    await send({ mode: "no-cors", headers: { "content-type": "text/plain" } });
    await send({ headers: { "content-type": "application/json", "x-requested-with": "switchboard" } });
  }, url);
  await page.evaluate((url) => {
    const form = Object.assign(document.createElement("form"), { action: `${url}/v1/keys`, method: "post", enctype: "text/plain" });
    form.append(Object.assign(document.createElement("input"), { name: '{"name":"stolen","role":"owner","x":"', value: '"}' }));
    document.body.append(form);
    form.submit();
  }, url);
  // Submitted, a form navigates some time later, and would take the page away from what follows.
  await page.waitForURL(`${url}/v1/keys`);
  assert.equal(await keys(), known);
  // Tokens that are good, in the wrong page.
  const { data: begun } = await ask("POST", "/test_calls", { headers: { "idempotency-key": crypto.randomUUID() } });
  const { data: view } = await ask("POST", `/calls/${begun.call}/listen`);
  await page.goto(`http://127.0.0.1:${port}/`);
  const opens = (url, protocols) =>
    page.evaluate(
      ([url, protocols]) =>
        new Promise((settled) => {
          const socket = new WebSocket(url, protocols);
          socket.onopen = () => settled(true);
          socket.onclose = () => settled(false);
        }),
      [url, protocols],
    );
  assert.deepEqual([await opens(begun.stream.url, []), await opens(view.url, view.protocols)], [false, false]);
  const framed = await context.newPage();
  await framed.goto(`http://127.0.0.1:${port}/`);
  await framed.evaluate((url) => document.body.append(Object.assign(document.createElement("iframe"), { src: `${url}/console` })), url);
  await framed.waitForTimeout(500);
  assert.equal(await framed.frames()[1]?.evaluate(() => document.querySelector("#console")).catch(() => null), null, "the console is in no frame");
  foreign.close();
  await context.close();
});
