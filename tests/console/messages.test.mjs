// What callers left: read, found, dealt with, taken back. Messages come of a call, with a caller who says what no page may run.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, key, launch, open, signIn, url } from "./browser.mjs";

const CANARY = `<img src=x onerror="window.hurt=1"><script>window.hurt=1</script>`;
const CALL = `CA${"7".repeat(32)}`;

let browser;
let business;
before(async () => {
  browser = await launch();
  business = (await ask("GET", "/sign-in")).data.business;
});
after(() => browser?.close());

/** Three things that were left, of which the page knows by the API's answers: the state lies here. */
async function withMessages(page) {
  const message = (n, more) => ({ id: String(n).repeat(32), call: CALL, kind: "message", taken_at: `2026-11-0${n}T08:30:00.000Z`, caller: "+12025550187", recipient: "Ms Byrne", text: `Message ${n} ${CANARY}`, callback: CANARY, recording: null, state: "waiting", done_by: null, done_at: null, ...more });
  const left = [
    message(3, { kind: "voicemail", caller: null, recipient: null, callback: null, recording: { sid: `RE${"1".repeat(32)}`, state: "archived", duration_ms: 12_000 } }),
    message(2, { recording: null }),
    message(1, { kind: "voicemail", recording: { sid: `RE${"2".repeat(32)}`, state: "deleted", duration_ms: null } }),
  ];
  const asked = [];
  const json = (body, status = 200) => ({ status, contentType: "application/json", body: JSON.stringify(body) });
  await page.route("**/v1/businesses/*/messages**", (route) => {
    const request = route.request();
    const { pathname, searchParams } = new URL(request.url());
    asked.push(`${request.method()} ${searchParams}`);
    if (request.method() === "PATCH") {
      const one = left.find(({ id }) => pathname.endsWith(id));
      const { state } = request.postDataJSON();
      Object.assign(one, state === "done" ? { state, done_by: { key: "E1EwthbN", name: `desk ${CANARY}` }, done_at: "2026-11-29T08:30:00.000Z" } : { state, done_by: null, done_at: null });
      return route.fulfill(json(one));
    }
    const [state, kind] = [searchParams.get("state"), searchParams.get("kind")];
    const fits = (one) => (!state || state === "all" || one.state === state) && (!kind || one.kind === kind);
    const waiting = left.filter((one) => one.state === "waiting");
    return route.fulfill(json({ messages: left.filter(fits), waiting: { count: waiting.length, messages: 0, voicemails: 0 }, next: null }));
  });
  return asked;
}

const rows = (page) => page.locator("tbody tr");
const figure = (page) => page.locator(".figure", { hasText: "Messages waiting" }).locator("a");

test("a message is found, read as text, done, and the counts fall; it is taken back", async () => {
  const { context, page, wrong } = await open(browser);
  const asked = await withMessages(page);
  await signIn(page, key);
  await figure(page).getByText("3", { exact: true }).waitFor();
  await figure(page).click();
  await rows(page).nth(2).waitFor();
  assert.equal(await rows(page).count(), 3);
  assert.ok(asked.some((one) => one.includes("state=waiting") && one.includes("include=words")), asked.join());
  await page.getByText(`Message 2 ${CANARY}`).waitFor();
  await page.getByText("withheld").waitFor();
  await page.getByText("Voicemail, 0:12").waitFor();
  await page.getByText("Voicemail, deleted").waitFor();
  assert.equal(await page.getByRole("button", { name: "Play" }).count(), 1, "what is deleted is not played");
  assert.ok((await rows(page).first().getByRole("link").getAttribute("href")).endsWith(`calls/${CALL}`));

  await rows(page).filter({ hasText: "Message 2" }).getByRole("button", { name: "Done" }).click();
  await page.locator("nav .badge").getByText("2", { exact: true }).waitFor();
  assert.equal(await rows(page).count(), 2, "what is done does not wait");
  await page.getByLabel("State").selectOption("done");
  await page.getByText(`desk ${CANARY}`).waitFor();
  await page.waitForURL(/state=done/);
  await page.getByRole("link", { name: "Overview" }).click();
  await figure(page).getByText("2", { exact: true }).waitFor();
  await page.goBack();
  await page.getByText(`desk ${CANARY}`).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.locator("nav .badge").getByText("3", { exact: true }).waitFor();
  await page.getByLabel("State").selectOption("all");
  await page.getByLabel("Kind").selectOption("voicemail");
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 2);
  assert.equal(await page.evaluate(() => window.hurt), undefined, "what people said is text");
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a viewer sees who left what kind of message, and no words of it", async () => {
  const { data: made } = await ask("POST", "/keys", { body: { name: "viewer", role: "viewer" }, headers: { "idempotency-key": crypto.randomUUID() } });
  const { context, page, wrong } = await open(browser);
  await signIn(page, made.key);
  await page.goto(`${url}/console#/b/${business}/messages?state=all`);
  await page.locator(".empty, .scroller").first().waitFor();
  assert.equal(await page.getByRole("alert").count(), 0);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a list that cannot be loaded says why, and one that is empty says so", async () => {
  const { context, page, wrong } = await open(browser);
  await signIn(page, key);
  await page.route("**/messages?*state*", (route) =>
    route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify({ title: "temporarily unavailable", detail: "try again shortly", code: "x" }) }),
  );
  await page.goto(`${url}/console#/b/${business}/messages`);
  await page.getByRole("alert").getByText("try again shortly").waitFor();
  await page.unroute("**/messages?*state*");
  await page.goto(`${url}/console#/b/${business}/messages?state=done&kind=voicemail`);
  await page.locator(".empty").waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});
