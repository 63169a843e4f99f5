// What a call's page draws and plays: loudness, one speaker without the other, and how each answer came about; and the charts
// of the overview.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ask, key, launch, open, signIn, url } from "./browser.mjs";

let browser;
let business;
/** A call with a recording of both sides. */
let call;
before(async () => {
  browser = await launch(["--autoplay-policy=no-user-gesture-required"]);
  business = (await ask("GET", "/sign-in")).data.business;
  const { data } = await ask("GET", "/calls?status=completed&has_recording=true&include=recordings");
  call = data.calls.find(({ recording }) => recording?.state === "archived" && recording.channels === 2);
  assert.ok(call, "the demonstration has a recorded call");
});
after(() => browser?.close());

const at = (place) => `${url}/console#/b/${business}/${place}`;
const button = (page, name) => page.getByRole("button", { name, exact: true });

/** Listens to each channel of what the page gives to the loudspeaker, and keeps the loudest sample since it was last asked. */
function listen() {
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (to, ...of) {
    if (to instanceof AudioDestinationNode) {
      const channels = this.context.createChannelSplitter(2);
      connect.call(this, channels);
      window.loudest = [0, 0];
      [0, 1].forEach((channel) => {
        const ear = this.context.createAnalyser();
        ear.fftSize = 2_048;
        connect.call(channels, ear, channel);
        const samples = new Float32Array(ear.fftSize);
        setInterval(() => {
          ear.getFloatTimeDomainData(samples);
          window.loudest[channel] = Math.max(window.loudest[channel], ...samples.map(Math.abs));
        }, 10);
      });
    }
    return connect.call(this, to, ...of);
  };
}

test("the player draws how loud both sides are, and either of them is muted alone", async () => {
  const { context, page, wrong } = await open(browser);
  await page.addInitScript(listen);
  await signIn(page, key);
  await page.goto(at(`calls/${call.sid}`));
  const { data: recording } = await ask("GET", `/calls/${call.sid}/recording`, { headers: { accept: "application/json" } });
  for (const speaker of ["caller", "agent"]) {
    const drawn = page.locator(`.lanes path.${speaker}`);
    await drawn.waitFor({ state: "attached" });
    const strokes = (await drawn.getAttribute("d")).match(/M/g).length;
    assert.equal(strokes, recording.waveform[speaker].length, speaker);
    assert.ok(Math.max(...recording.waveform[speaker]) > 20, `${speaker} is heard`);
  }
  const line = (speaker) => page.locator(`.talk li.${speaker} button`).first();
  /** The loudest of both channels while a speaker's line is played. */
  const hear = async (speaker) => {
    await line(speaker).click();
    await page.waitForTimeout(150);
    await page.evaluate(() => (window.loudest = [0, 0]));
    await page.waitForFunction((began) => document.querySelector("audio").currentTime > began + 0.8, await page.evaluate(() => document.querySelector("audio").currentTime));
    return page.evaluate(() => window.loudest);
  };
  await line("agent").click();
  await page.waitForFunction(() => document.querySelector("audio").currentTime > 0.2);
  assert.equal(await page.evaluate(() => window.loudest), undefined, "nothing stands between the file and the loudspeaker yet");

  await button(page, "Mute the caller").click();
  assert.equal(await button(page, "Mute the caller").getAttribute("aria-pressed"), "true");
  let [caller, agent] = await hear("agent");
  assert.ok(caller === 0 && agent > 0.02, `${caller} ${agent}`);
  assert.equal((await hear("caller"))[0], 0, "the caller is not heard");

  await button(page, "Mute the caller").click();
  await button(page, "Mute the agent").click();
  [caller, agent] = await hear("caller");
  assert.ok(caller > 0.02 && agent === 0, `${caller} ${agent}`);
  assert.equal((await hear("agent"))[1], 0, "the agent is not heard");

  // A click on the picture leads to that place.
  await page.evaluate(() => document.querySelector("audio").pause());
  const { width } = await page.locator(".lanes").boundingBox();
  await page.locator(".lanes").click({ position: { x: width / 2, y: 10 } });
  const place = await page.evaluate(() => document.querySelector("audio").currentTime);
  assert.ok(Math.abs(place - call.recording.duration_ms / 2_000) < 0.2, `${place}`);
  assert.deepEqual(wrong, []);
  await context.close();
});

test("the way to each answer has the API's numbers, wide and narrow", async () => {
  const { context, page, wrong } = await open(browser);
  await signIn(page, key);
  const { data } = await ask("GET", `/calls/${call.sid}?include=turns`);
  const answers = data.turns.filter((turn) => turn.latency_ms !== null);
  assert.ok(answers.length > 0 && answers.every(({ steps }) => steps.begun_ms !== null), JSON.stringify(answers.map(({ steps }) => steps)));
  const ms = (n) => (n === null ? "–" : n.toLocaleString("en-US"));
  const expected = answers.map(({ latency_ms, steps }) => [steps.begun_ms, latency_ms, steps.heard_ms, steps.words_ms].map(ms));
  for (const width of [1_280, 375]) {
    await page.setViewportSize({ width, height: 900 });
    await page.goto(at(`calls/${call.sid}`));
    const table = page.getByRole("region", { name: "How each answer came about" });
    await table.waitFor();
    const cells = await table.locator("tbody tr").evaluateAll((rows) => rows.map((row) => [...row.cells].slice(2).map((cell) => cell.textContent)));
    assert.deepEqual(cells, expected, `${width}`);
    assert.equal(await table.locator("svg.steps rect.audio").count(), answers.filter(({ latency_ms, steps }) => latency_ms > steps.begun_ms).length);
    assert.ok((await table.locator("svg.steps").first().boundingBox()).width > 60, "it can be seen");
  }
  assert.deepEqual(wrong, []);
  await context.close();
});

test("the overview counts calls by day, and the address keeps the days", async () => {
  const { context, page, wrong } = await open(browser);
  await signIn(page, key);
  await page.goto(at("overview"));
  const chart = (name) => page.getByRole("region", { name, exact: true });
  await chart("Calls by day").waitFor();
  for (const days of [7, 30]) {
    await page.getByRole("link", { name: `${days} days`, exact: true }).click();
    await page.waitForURL(new RegExp(`overview\\?days=${days}$`));
    await page.waitForFunction((days) => document.querySelector(".chart")?.children.length === days, days);
    const { data } = await ask("GET", `/statistics?days=${days}`);
    const told = await chart("Calls by day").getByRole("img").getAttribute("aria-label");
    for (const { day, answered, missed } of data.days) assert.ok(told.includes(`${day}: ${answered} answered, ${missed} not`), told);
  }
  await page.getByRole("link", { name: "Today", exact: true }).click();
  await chart("Calls by day").waitFor({ state: "detached" });
  await chart("Calls by hour").waitFor();
  assert.equal(await chart("Calls by hour").locator(".chart > div").count(), 24);
  await page.reload();
  await chart("Calls by hour").waitFor();
  assert.equal(await page.locator("a[aria-current=true]").textContent(), "Today");
  assert.equal(await chart("Calls by day").count(), 0);
  assert.deepEqual(wrong, []);
  await context.close();
});
