// Days and clocks of a calendar's zone, over the days on which clocks are put forward and back.
import assert from "node:assert/strict";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

let folder;
let zone;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "console-"));
  await cp(join(process.env.CONSOLE ?? "../../functions/console", "lib"), folder, { recursive: true });
  await writeFile(join(folder, "package.json"), '{"type":"module"}');
  zone = await import(join(folder, "zone.js"));
});
after(() => rm(folder, { recursive: true }));

test("a day begins when the clocks of its zone say so, also where they change", () => {
  const begins = [
    ["2026-12-01", "UTC", "2026-12-01T00:00:00.000Z"],
    ["2026-12-01", "Asia/Kolkata", "2026-11-30T18:30:00.000Z"],
    ["2026-12-01", "Pacific/Kiritimati", "2026-11-30T10:00:00.000Z"],
    ["2026-12-01", "Pacific/Niue", "2026-12-01T11:00:00.000Z"],
    // The hour before midnight comes twice in Beirut, and the one after it is left out in spring.
    ["2026-10-25", "Asia/Beirut", "2026-10-24T22:00:00.000Z"],
    ["2026-03-29", "Asia/Beirut", "2026-03-28T22:00:00.000Z"],
    // The day after a change has 23 or 25 hours behind it.
    ["2026-03-29", "Europe/Berlin", "2026-03-28T23:00:00.000Z"],
    ["2026-03-30", "Europe/Berlin", "2026-03-29T22:00:00.000Z"],
    ["2026-10-26", "Europe/Berlin", "2026-10-25T23:00:00.000Z"],
    ["2026-03-27", "Asia/Jerusalem", "2026-03-26T22:00:00.000Z"],
    ["2026-03-28", "Asia/Jerusalem", "2026-03-27T21:00:00.000Z"],
  ];
  for (const [day, of, at] of begins) assert.equal(zone.beginning(day, of), at, `${day} ${of}`);
});

test("every day of two years begins at its own first moment in zones of all kinds", () => {
  const zones = ["UTC", "Europe/Berlin", "Asia/Jerusalem", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago", "Africa/Cairo", "Asia/Beirut", "Pacific/Apia"];
  for (const of of zones) {
    for (let n = 0; n < 730; n++) {
      const day = zone.dayAfter("2026-01-01", n);
      const at = Date.parse(zone.beginning(day, of));
      assert.equal(zone.clocks(at, of).day, day, `${day} ${of}`);
      assert.ok(zone.clocks(at - 60_000, of).day < day, `${day} ${of}`);
    }
  }
});

test("clocks are those of the moment, and not of today", () => {
  assert.deepEqual(zone.clocks("2026-03-29T00:59:00Z", "Europe/Berlin"), { day: "2026-03-29", minute: 119 });
  assert.deepEqual(zone.clocks("2026-03-29T01:00:00Z", "Europe/Berlin"), { day: "2026-03-29", minute: 180 });
  assert.deepEqual(zone.clocks("2026-10-25T00:30:00Z", "Europe/Berlin"), { day: "2026-10-25", minute: 150 });
  assert.deepEqual(zone.clocks("2026-10-25T01:30:00Z", "Europe/Berlin"), { day: "2026-10-25", minute: 150 });
  assert.deepEqual(zone.clocks("2026-12-01T23:59:00Z", "UTC"), { day: "2026-12-01", minute: 1439 });
});

test("a day is followed by the next one over the ends of months and years", () => {
  assert.equal(zone.dayAfter("2028-02-28", 1), "2028-02-29");
  assert.equal(zone.dayAfter("2026-12-31", 1), "2027-01-01");
  assert.equal(zone.dayAfter("2026-03-01", -1), "2026-02-28");
  assert.equal(zone.weekday("2026-12-01"), 2);
});
