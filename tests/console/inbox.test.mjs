// Texts: read, answered, taken from the agent and given back. The carrier's side lies here, with a person who writes what no page may run.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, key, launch, open, signIn, url } from "./browser.mjs";
import { CANARY, CLOSED, OPEN, STOPPED, withThreads } from "./threads.mjs";

let browser;
let business;
let me;
before(async () => {
  browser = await launch();
  ({ business, key: me } = (await ask("GET", "/sign-in")).data);
});
after(() => browser?.close());

const button = (page, name) => page.getByRole("button", { name, exact: true });
const bubble = (page, words) => page.locator(".texts li").filter({ hasText: words });

async function opened(more) {
  const one = await open(browser, more);
  const state = await withThreads(one.page, me);
  await signIn(one.page, key);
  return { ...one, state, go: (place) => one.page.goto(`${url}/console#/b/${business}/${place}`) };
}

test("a thread is found, and every text of it is shown for what it is", async () => {
  const { context, page, wrong, go } = await opened();
  await go("inbox");
  const row = page.getByRole("row").filter({ hasText: "Dana" });
  await row.getByText("מתי אתם פתוחים?").waitFor();
  await row.getByText("waiting").waitFor();
  await page.getByRole("row").filter({ hasText: "Closed" }).getByText("window closed").waitFor();
  await page.getByRole("row").filter({ hasText: "Stopped" }).getByText("wants no texts").waitFor();
  await page.getByLabel("Show").selectOption("waiting");
  await page.waitForFunction(() => document.querySelectorAll("tbody tr").length === 1);
  await row.getByRole("link").click();
  for (const [words, state] of [["At nine.", "read"], ["Text 3", "delivered"], ["Text 4", "sent"], ["Text 5", "queued"]]) await bubble(page, words).locator(`.tick.${state}`).waitFor();
  await bubble(page, "Text 6").getByText("The person cannot be reached over this carrier.").waitFor();
  await bubble(page, "Reacted: 👍").waitFor();
  await bubble(page, "From WhatsApp: The person changed their number.").waitFor();
  await bubble(page, "Deleted a text").waitFor();
  await bubble(page, "My bicycle").getByRole("link", { name: "Picture" }).waitFor();
  await bubble(page, "My bicycle").getByText("not kept: it is too large").waitFor();
  await bubble(page, "The agent used find slots: done").waitFor();
  await bubble(page, CANARY).first().waitFor();
  assert.ok((await page.locator(".texts li.note").count()) >= 5, "days, and what is no part of the talk");
  assert.match(await page.getByRole("timer").textContent(), /^1:59:\d\d$/);
  assert.equal(await page.evaluate(() => window.hurt), undefined, "what people wrote is text");
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a person takes the thread, writes, and gives it back; the draft stays over a reload and is sent once", async () => {
  const { context, page, wrong, state, go } = await opened();
  await go(`inbox/${OPEN}`);
  await button(page, "Take over").click();
  await button(page, "Hand back to the agent").waitFor();
  assert.equal(await button(page, "Take over").count(), 0);
  await page.getByLabel("Your text").fill("We open at nine.");
  await page.reload();
  const draft = page.getByLabel("Your text");
  await draft.waitFor();
  assert.equal(await draft.inputValue(), "We open at nine.");

  // The answer is lost behind the sending: a second click is the same request.
  const tried = [];
  state.refuse = (route) => {
    tried.push(route.request().headers()["idempotency-key"]);
    return route.abort();
  };
  await button(page, "Send").click();
  await page.getByText("The server cannot be reached").waitFor();
  await page.reload();
  state.refuse = null;
  await draft.waitFor();
  await draft.press("Control+Enter");
  await bubble(page, "We open at nine.").locator(".tick.queued").waitFor();
  assert.deepEqual([state.sent.map(({ once }) => once), state.sent[0].text], [tried, "We open at nine."]);
  assert.equal(await draft.inputValue(), "", "what was sent is no draft any more");
  state.texts[OPEN].at(-1).status = "delivered";
  await bubble(page, "We open at nine.").locator(".tick.delivered").waitFor();

  await draft.fill("Another one.");
  await button(page, "Send").click();
  await bubble(page, "Another one.").waitFor();
  assert.notEqual(state.sent[1].once, state.sent[0].once, "another text is another request");
  await button(page, "Hand back to the agent").click();
  await button(page, "Take over").waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test("where the window is closed a template is sent, and to a person who wants no texts nothing", async () => {
  const { context, page, wrong, state, go } = await opened();
  await go(`inbox/${CLOSED}`);
  await page.getByText("More than a day has passed").waitFor();
  await page.getByText("WhatsApp does not tell the number.").waitFor();
  assert.equal(await page.getByLabel("Your text").count(), 0);
  await page.getByLabel("Template", { exact: true }).fill("reminder");
  await page.getByLabel("Language").fill("en_US");
  await page.getByLabel("Holds").fill("Dana");
  await button(page, "Add a place").click();
  await page.getByLabel("Holds").nth(1).fill("9:00");
  await button(page, "Send the template").click();
  await bubble(page, "Template reminder").getByText("Dana, 9:00").waitFor();
  assert.deepEqual(state.sent[0].template, { name: "reminder", language: "en_US", variables: { 1: "Dana", 2: "9:00" } });
  await go(`inbox/${STOPPED}`);
  await page.getByText("so none can be sent").waitFor();
  assert.equal(await page.getByLabel("Your text").count(), 0);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a refusal is told in the API's words, and the text is not lost", async () => {
  const { context, page, wrong, state, go } = await opened();
  await go(`inbox/${OPEN}`);
  state.refuse = (route) => route.fulfill({ status: 409, contentType: "application/problem+json", body: JSON.stringify({ title: "text not sent", code: "taken_over", detail: "another person has the thread" }) });
  await page.getByLabel("Your text").fill("Hello");
  await button(page, "Send").click();
  await page.getByRole("alert").getByText("another person has the thread").waitFor();
  assert.equal(await page.getByLabel("Your text").inputValue(), "Hello");
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a key that reads sees no buttons, a viewer sees no inbox, and an empty inbox says so", async () => {
  const made = async (what) => (await ask("POST", "/keys", { body: { name: "reader", ...what }, headers: { "idempotency-key": crypto.randomUUID() } })).data.key;
  const reader = await open(browser);
  await withThreads(reader.page, me);
  await signIn(reader.page, await made({ scopes: ["texts:read", "calls:read"] }));
  await reader.page.goto(`${url}/console#/b/${business}/inbox/${OPEN}`);
  await bubble(reader.page, "At nine.").waitFor();
  for (const name of ["Take over", "Send", "Hand back to the agent"]) assert.equal(await button(reader.page, name).count(), 0, name);
  const viewer = await open(browser);
  await signIn(viewer.page, await made({ role: "viewer" }));
  for (const name of ["Inbox", "Contacts", "Calendar"]) assert.equal(await viewer.page.getByRole("link", { name, exact: true }).count(), 0, name);
  await viewer.page.goto(`${url}/console#/b/${business}/inbox`);
  await viewer.page.getByText("has no scope for it").waitFor();
  const empty = await open(browser);
  await signIn(empty.page, key);
  await empty.page.route("**/threads?*", (route) => route.fulfill({ status: 200, contentType: "application/json", body: '{"threads":[],"next":null}' }));
  await empty.page.goto(`${url}/console#/b/${business}/inbox`);
  await empty.page.getByText("No texts yet.").waitFor();
  await empty.page.goto(`${url}/console#/b/${business}/inbox/${"f".repeat(32)}`);
  await empty.page.getByRole("alert").waitFor();
  for (const { context, wrong } of [reader, viewer, empty]) {
    assert.deepEqual(wrong, []);
    await context.close();
  }
});
