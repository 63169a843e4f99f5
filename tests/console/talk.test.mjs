// A person talks to the agent through the page, with a file for a microphone: greeted, answered, interrupting, hung up on.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ask, key, launch, open, signIn, url } from "./browser.mjs";

const clips = join(process.env.CONSOLE ?? "../../functions/console", "../../tests/fixtures/audio");
const RATE = 8_000;

/** The samples of a shipped clip, and silence. */
const clip = async (name) => {
  const wav = await readFile(join(clips, `${name}.wav`));
  const at = wav.indexOf("data");
  return wav.subarray(at + 8, at + 8 + wav.readUInt32LE(at + 4));
};
const silence = (seconds) => Buffer.alloc(2 * RATE * seconds);

/** What the person says: after the greeting, into the long answer, and goodbye. */
async function speech(path) {
  const samples = Buffer.concat([silence(9), await clip("caller_service"), silence(4), await clip("caller_barge_in"), silence(9), await clip("caller_bye"), silence(30)]);
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE(2 * RATE, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  await writeFile(path, Buffer.concat([head, samples]));
}

let folder;
let browser;
let business;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "speech-"));
  await speech(join(folder, "speech.wav"));
  const microphone = ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-audio-capture=${join(folder, "speech.wav")}%noloop`];
  browser = await launch([...microphone, "--autoplay-policy=no-user-gesture-required"]);
  business = (await ask("GET", "/sign-in")).data.business;
});
after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true });
});

/** Notes what the page gets and sends, and listens to its loudspeaker. */
function observe() {
  const seen = { events: [], sent: [], loudest: 0, clearedAt: 0, silentAfter: null, marksAfter: null };
  window.seen = seen;
  window.WebSocket = class extends WebSocket {
    constructor(...of) {
      super(...of);
      window.socket = this;
      this.addEventListener("message", ({ data }) => {
        const { event } = JSON.parse(data);
        seen.events.push(event);
        if (event !== "clear" || seen.clearedAt) return;
        seen.clearedAt = performance.now();
        seen.sent.length = 0;
      });
    }
    send(data) {
      const { event, mark } = JSON.parse(data);
      if (event !== "media") seen.sent.push(event);
      if (mark && seen.clearedAt && seen.marksAfter === null) seen.marksAfter = performance.now() - seen.clearedAt;
      super.send(data);
    }
  };
  window.AudioWorkletNode = class extends AudioWorkletNode {
    constructor(context, ...of) {
      super(context, ...of);
      const ear = context.createAnalyser();
      ear.fftSize = 32;
      this.connect(ear);
      const samples = new Float32Array(32);
      const listen = () => {
        ear.getFloatTimeDomainData(samples);
        const loud = Math.max(...samples.map(Math.abs));
        seen.loudest = Math.max(seen.loudest, loud);
        if (seen.clearedAt && seen.silentAfter === null && loud === 0) seen.silentAfter = performance.now() - seen.clearedAt;
      };
      setInterval(listen, 2);
    }
  };
}

test("a call from the page: greeted, answered, interrupted, ended by the agent, and read afterwards", async () => {
  const { context, page, wrong } = await open(browser, { permissions: ["microphone"] });
  await page.addInitScript(observe);
  await signIn(page, key);
  await page.goto(`${url}/console#/b/${business}/overview`);
  await page.getByRole("button", { name: "Talk to the agent" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Begin" }).click();
  await dialog.getByText("You are on the line.").waitFor();
  await dialog.getByRole("group", { name: "Keypad" }).waitFor();
  await page.waitForFunction(() => window.seen.loudest > 0.05);
  await dialog.locator(".talk li.agent").first().waitFor();
  await dialog.locator(".talk li.caller").first().waitFor({ timeout: 60_000 });
  await page.waitForFunction(() => window.seen.silentAfter !== null && window.seen.marksAfter !== null, undefined, { timeout: 60_000 });
  const { silentAfter, marksAfter } = await page.evaluate(() => window.seen);
  assert.ok(silentAfter <= 50 && marksAfter <= 50, `silent after ${silentAfter} ms, marks after ${marksAfter} ms`);
  await dialog.getByText("The call is over.").waitFor({ timeout: 90_000 });
  await dialog.getByRole("link", { name: "What the call came to" }).click();
  await page.getByRole("heading", { name: "Call", exact: true }).waitFor();
  await page.getByText("agent hang up").first().waitFor();
  await page.getByText("not recorded").first().waitFor({ timeout: 30_000 });
  await page.getByText("test call").first().waitFor();
  const sid = new URL(page.url()).hash.split("/").at(-1);
  const { data: call } = await ask("GET", `/calls/${sid}?include=turns,session,recordings`);
  assert.deepEqual([call.direction, call.status, call.session.end_reason], ["test", "completed", "agent_hang_up"]);
  assert.deepEqual([call.recording.state, call.recording.reason], ["not_recorded", "test_call"]);
  assert.ok(call.session.barge_ins >= 1 && call.session.greeting_heard_ms !== null);
  assert.equal(await page.locator(".talk li").count(), call.turns.length);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a socket that breaks is followed by another, and hanging up ends the call", async () => {
  const { context, page, wrong } = await open(browser, { permissions: ["microphone"] });
  await page.addInitScript(observe);
  await signIn(page, key);
  await page.goto(`${url}/console#/b/${business}/settings?revision=1`);
  await page.getByRole("region", { name: "Revision 1", exact: true }).getByRole("button", { name: "Talk to the agent" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Revision 1 of the settings.").waitFor();
  await dialog.getByRole("button", { name: "Begin" }).click();
  await dialog.getByText("You are on the line.").waitFor();
  await page.waitForFunction(() => window.seen.events.includes("media"));
  await page.evaluate(() => {
    window.first = window.socket;
    window.socket.close();
  });
  await page.waitForFunction(() => window.socket !== window.first && window.socket.readyState === 1);
  await dialog.getByText("You are on the line.").waitFor();
  await dialog.getByRole("button", { name: "5", exact: true }).click();
  await page.waitForFunction(() => window.seen.sent.includes("dtmf"));
  await dialog.getByRole("button", { name: "Hang up" }).click();
  await dialog.getByText("The call is over.").waitFor({ timeout: 30_000 });
  await dialog.getByRole("link", { name: "What the call came to" }).click();
  await page.locator(".between").getByText(/^The line was lost and taken up again at \d:\d\d\.$/).waitFor({ timeout: 30_000 });
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a draft is talked to as it is, and one with an error is refused in words", async () => {
  const { context, page, wrong } = await open(browser, { permissions: ["microphone"] });
  await page.addInitScript(observe);
  await signIn(page, key);
  await page.goto(`${url}/console#/b/${business}/settings`);
  const greeting = page.getByLabel("Greeting", { exact: true });
  const before = await greeting.inputValue();
  const drafted = async (text) => {
    await greeting.fill(text);
    await page.getByText("1 field differs").waitFor();
    await page.getByRole("button", { name: "Test the draft" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Begin" }).click();
  };
  await drafted("Good day from {{unknown_name}}.");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("alert").getByText(/unknown_name/).first().waitFor();
  await dialog.getByRole("button", { name: "Close" }).click();

  await drafted("Good day from the draft.");
  await dialog.getByText("With your draft, as it is now.").waitFor();
  await dialog.getByText("You are on the line.").waitFor();
  await page.waitForFunction(() => window.seen.events.includes("media"));
  await dialog.getByRole("button", { name: "Hang up" }).click();
  await dialog.getByText("The call is over.").waitFor({ timeout: 30_000 });
  await dialog.getByRole("link", { name: "What the call came to" }).click();
  await page.getByText(", a draft of it").waitFor();
  const sid = new URL(page.url()).hash.split("/").at(-1);
  const { data: call } = await ask("GET", `/calls/${sid}`);
  const { data: published } = await ask("GET", "/settings");
  assert.deepEqual([call.draft, call.settings_revision], [true, published.revision]);
  assert.equal(published.prompts.inbound.greeting, before);
  await page.goto(`${url}/console#/b/${business}/settings`);
  await page.getByRole("button", { name: "Discard the draft" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Discard the draft" }).click();
  await page.getByText("The draft is as published.").waitFor();
  assert.deepEqual(wrong, []);
  await context.close();
});

test("a page without a microphone says so", async () => {
  const deaf = await launch();
  const { context, page } = await open(deaf);
  await signIn(page, key);
  await page.goto(`${url}/console#/b/${business}/overview`);
  await page.getByRole("button", { name: "Talk to the agent" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Begin" }).click();
  await page.getByRole("alert").getByText(/microphone/).waitFor();
  await page.getByRole("button", { name: "Begin" }).waitFor();
  await context.close();
  await deaf.close();
});

/** Notes how loud each side is, and whether the page asks for a microphone. */
function overhear() {
  const seen = { loudest: [], microphones: 0, told: [] };
  window.seen = seen;
  navigator.mediaDevices.getUserMedia = async () => {
    seen.microphones += 1;
    throw new DOMException("none", "NotFoundError");
  };
  window.WebSocket = class extends WebSocket {
    constructor(...of) {
      super(...of);
      this.addEventListener("message", ({ data }) => typeof data === "string" && seen.told.push(JSON.parse(data).event));
    }
  };
  window.AudioWorkletNode = class extends AudioWorkletNode {
    constructor(context, ...of) {
      super(context, ...of);
      const [side, ear] = [seen.loudest.push(0) - 1, context.createAnalyser()];
      this.connect(ear);
      const samples = new Float32Array(ear.fftSize);
      setInterval(() => {
        ear.getFloatTimeDomainData(samples);
        seen.loudest[side] = Math.max(seen.loudest[side], ...samples.map(Math.abs));
      }, 20);
    }
  };
}

test("a second person listens to the call from another page, unheard, and the call's page says so", async () => {
  const talking = await open(browser, { permissions: ["microphone"] });
  await signIn(talking.page, key);
  await talking.page.goto(`${url}/console#/b/${business}/overview`);
  await talking.page.getByRole("button", { name: "Talk to the agent" }).click();
  await talking.page.getByRole("dialog").getByRole("button", { name: "Begin" }).click();
  await talking.page.getByText("You are on the line.").waitFor();

  const { context, page, wrong } = await open(browser);
  await page.addInitScript(overhear);
  await signIn(page, key);
  await page.goto(`${url}/console#/b/${business}/live`);
  const card = page.getByRole("article").first();
  await card.getByRole("button", { name: "Listen", exact: true }).click();
  await card.getByRole("button", { name: "Stop listening" }).waitFor();
  await page.waitForFunction(() => window.seen.loudest.length === 2 && window.seen.loudest.every((loud) => loud > 0.05), undefined, { timeout: 60_000 });
  await page.waitForFunction(() => window.seen.told.includes("said"), undefined, { timeout: 60_000 });
  await card.getByRole("button", { name: "Stop listening" }).click();
  await card.getByRole("button", { name: "Listen", exact: true }).waitFor();
  assert.equal(await page.evaluate(() => window.seen.microphones), 0);
  await card.getByRole("link").first().click();
  await page.getByText("Listened to live by").waitFor();
  await talking.page.getByRole("button", { name: "Hang up" }).click();
  await talking.page.getByText("The call is over.").waitFor({ timeout: 30_000 });
  await page.getByRole("button", { name: "Listen", exact: true }).waitFor({ state: "detached" });
  assert.deepEqual([...wrong, ...talking.wrong], []);
  await context.close();
  await talking.context.close();
});
