// The sound of a call from the browser, without a browser: mu-law, other rates, the worklet, and the way for Firefox.
import assert from "node:assert/strict";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

let folder;
let sound;
let line;
before(async () => {
  // Node.js takes a file for a module if a package says so.
  folder = await mkdtemp(join(tmpdir(), "console-"));
  await cp(join(process.env.CONSOLE ?? "../../functions/console", "lib"), folder, { recursive: true });
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  sound = await import(join(folder, "sound.js"));
  line = await import(join(folder, "line.js"));
});
after(() => rm(folder, { recursive: true }));

const tone = (hz, rate, seconds) => Float32Array.from({ length: rate * seconds }, (_, n) => Math.sin((2 * Math.PI * hz * n) / rate));
const loudness = (samples) => Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);

/** Through the resampler in blocks of a worklet, without the ends where the filter has half of its input. */
function resampled(samples, from, to) {
  const push = sound.resampler(from, to);
  const out = [];
  for (let at = 0; at < samples.length; at += 128) out.push(...push(samples.subarray(at, at + 128)));
  return Float32Array.from(out.slice(200, -200));
}

test("mu-law gives back what it was given, as well as 8 bits can", () => {
  for (let byte = 0; byte < 256; byte += 1) {
    // There are two zeros.
    if (byte !== 0x7f) assert.equal(sound.encode(sound.DECODED[byte]), byte, `${byte}`);
  }
  assert.equal(sound.encode(0), 0xff);
  assert.deepEqual([sound.encode(1), sound.encode(-1)], [0x80, 0x00]);
  const error = Array.from({ length: 2_001 }, (_, n) => n / 1_000 - 1).map((x) => Math.abs(sound.DECODED[sound.encode(x)] - x) - Math.abs(x) / 25);
  assert.ok(Math.max(...error) < 0.001, `${Math.max(...error)}`);
});

for (const rate of [44_100, 48_000]) {
  test(`a microphone of ${rate} Hz: 1 kHz stays, and 6 kHz leaves no alias`, () => {
    const kept = resampled(tone(1_000, rate, 1), rate, 8_000);
    assert.ok(Math.abs(20 * Math.log10(loudness(kept) / Math.SQRT1_2)) < 0.2, `${loudness(kept)}`);
    const alias = loudness(resampled(tone(6_000, rate, 1), rate, 8_000)) / Math.SQRT1_2;
    assert.ok(20 * Math.log10(alias) <= -40, `${20 * Math.log10(alias)} dB`);
    const crossings = kept.reduce((count, sample, n) => count + (n > 0 && kept[n - 1] < 0 !== sample < 0 ? 1 : 0), 0);
    assert.ok(Math.abs(crossings / 2 / (kept.length / 8_000) - 1_000) < 2, "the tone has its height");
  });

  test(`a loudspeaker of ${rate} Hz plays as long as the line, and as loud`, () => {
    const push = sound.resampler(8_000, rate);
    const out = push(tone(1_000, 8_000, 1));
    assert.ok(Math.abs(out.length / rate - 1) < 0.01, `${out.length}`);
    const played = out.slice(2_000, -2_000);
    assert.ok(Math.abs(20 * Math.log10(loudness(played) / Math.SQRT1_2)) < 0.2, `${loudness(played)}`);
  });
}

test("the line's own rate is left as it is", () => {
  const block = tone(1_000, 8_000, 1);
  assert.equal(sound.resampler(8_000, 8_000)(block), block);
});

test("a browser that brings no microphone to another rate is asked for its own", async () => {
  const made = [];
  class Context {
    constructor(options) {
      this.options = options;
      made.push(this);
    }
    createMediaStreamSource(media) {
      if (this.options) throw Object.assign(new Error("the rates differ"), { name: "NotSupportedError" });
      return { media };
    }
    async close() {
      this.closed = true;
    }
  }
  const { context, source } = await line.listen("microphone", Context);
  assert.equal(made.length, 2);
  assert.deepEqual([made[0].options, made[0].closed], [{ sampleRate: 8_000 }, true]);
  assert.equal(context, made[1]);
  assert.deepEqual([context.options, source.media], [undefined, "microphone"]);

  class Broken extends Context {
    createMediaStreamSource() {
      throw new Error("something else");
    }
  }
  await assert.rejects(line.listen("microphone", Broken), /something else/);
});

/** The worklet in a context of this rate, and what it tells the page. */
async function worklet(rate, latency = 0.05) {
  const told = [];
  let Line;
  Object.assign(globalThis, {
    sampleRate: rate,
    AudioWorkletProcessor: class {
      port = { postMessage: (message) => told.push(message) };
    },
    registerProcessor: (_, of) => (Line = of),
  });
  await import(`${join(folder, "line-worklet.js")}?${rate}-${Math.random()}`);
  const made = new Line({ processorOptions: { latency } });
  const tell = (data) => made.port.onmessage({ data });
  const run = (blocks, heard) => {
    const played = [];
    for (let n = 0; n < blocks; n += 1) {
      const output = new Float32Array(128);
      made.process([[heard ?? new Float32Array(128)]], [[output]]);
      played.push(...output);
    }
    return played;
  };
  const marks = () => told.filter(({ mark }) => mark).map(({ mark }) => mark);
  const frames = () => told.filter(({ frame }) => frame);
  return { tell, run, marks, frames };
}

/** Half a second of a loud sample. */
const LOUD = new Uint8Array(4_000).fill(0x80);

test("what the agent says is played whole, and a mark comes back when it was heard", async () => {
  const { tell, run, marks } = await worklet(8_000);
  tell({ audio: LOUD });
  tell({ mark: "one" });
  // 60 ms are kept back, half a second is played, and the loudspeaker is 50 ms late: 4,880 samples.
  const played = run(38);
  assert.equal(played.filter((sample) => sample !== 0).length, 4_000);
  assert.ok(played.slice(0, 480).every((sample) => sample === 0));
  assert.deepEqual(marks(), [], "it was given to the loudspeaker, and not heard yet");
  run(1);
  assert.deepEqual(marks(), ["one"]);
});

test("clear silences the line in the next block and gives every mark back, in order", async () => {
  const { tell, run, marks } = await worklet(8_000);
  for (const mark of ["one", "two", "three"]) {
    tell({ audio: LOUD });
    tell({ mark });
  }
  assert.ok(run(36).at(-1) !== 0);
  tell({ clear: true });
  assert.deepEqual(marks(), ["one", "two", "three"]);
  assert.ok(run(10).every((sample) => sample === 0));
  assert.equal(marks().length, 3, "none comes twice");
});

test("the microphone is cut into frames of 20 ms at any rate", async () => {
  for (const rate of [8_000, 48_000]) {
    const { run, frames } = await worklet(rate);
    run(Math.round(rate / 128), tone(1_000, rate, 1).subarray(0, 128));
    assert.ok(Math.abs(frames().length - 50) <= 1, `${frames().length} frames at ${rate}`);
    assert.ok(frames().every(({ frame }) => frame.length === 160));
    assert.ok(frames().at(-1).level > 0.5);
  }
});

test("a microphone that is muted, or waits for its turn, sends silence", async () => {
  const loud = tone(1_000, 8_000, 1).subarray(0, 128);
  const silent = ({ frame, level }) => level === 0 && frame.every((byte) => byte === 0xff);
  const muted = await worklet(8_000);
  muted.tell({ how: { muted: true, halfDuplex: false } });
  muted.run(10, loud);
  assert.ok(muted.frames().every(silent));

  const waiting = await worklet(8_000);
  waiting.tell({ how: { muted: false, halfDuplex: true } });
  waiting.run(10, loud);
  assert.ok(!waiting.frames().some(silent), "the agent is silent");
  waiting.tell({ audio: LOUD });
  waiting.run(20, loud);
  assert.ok(silent(waiting.frames().at(-1)), "the agent speaks");
  waiting.run(40, loud);
  assert.ok(!silent(waiting.frames().at(-1)), "and has spoken");
});
