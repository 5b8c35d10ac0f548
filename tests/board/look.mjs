// Looks at pages of the board: node look.mjs CHROMIUM PICTURES PAGE…
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename } from "node:path";
import { pathToFileURL } from "node:url";
import puppeteer from "puppeteer-core";

const [chromium, pictures, ...pages] = process.argv.slice(2);
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const wrong = [];

const browser = await puppeteer.launch({
  executablePath: chromium,
  // Nothing here is foreign but the text of our own fixtures; as root Chromium has no sandbox.
  args: process.getuid() === 0 ? ["--no-sandbox"] : [],
});

async function open(path, { width, scheme, scripts }) {
  const page = await browser.newPage();
  const say = (what) => wrong.push(`${basename(path)} ${width} ${scheme}${scripts ? "" : " without scripts"}: ${what}`);
  await page.setViewport({ width, height: 900, deviceScaleFactor: 1 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.setJavaScriptEnabled(scripts);
  const address = pathToFileURL(path).href;
  page.on("request", (request) => request.url() === address || say(`it asks for ${request.url()}`));
  page.on("console", (message) => ["error", "warn"].includes(message.type()) && say(message.text()));
  page.on("pageerror", (error) => say(error.message));
  await page.goto(address);
  return { page, say };
}

for (const path of pages) {
  for (const width of [390, 1280]) {
    for (const scheme of ["light", "dark"]) {
      const { page, say } = await open(path, { width, scheme, scripts: true });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      if (wide > width) say(`it is ${wide} pixels wide`);
      const name = `${basename(path, ".html")}-${width}-${scheme}`;
      await page.screenshot({ path: `${pictures}/${name}.png` });
      await page.screenshot({ path: `${pictures}/${name}-whole.png`, fullPage: true });
      for (const opened of [false, true]) {
        await page.evaluate((open) => document.querySelectorAll("details").forEach((one) => (one.open = open)), opened);
        await page.evaluate(axe);
        const { violations } = await page.evaluate(() => window.axe.run());
        for (const one of violations.filter(({ impact }) => ["serious", "critical"].includes(impact))) {
          say(`axe: ${one.id}: ${one.help}: ${one.nodes.length} times, such as ${one.nodes[0].html}`);
        }
      }
      await page.screenshot({ path: `${pictures}/${name}-opened.png`, fullPage: true });
      await page.close();
    }
  }

  // By keyboard: the first key leads past the head, a cell opens with Enter, the filter leaves what it finds.
  const { page, say } = await open(path, { width: 1280, scheme: "light", scripts: true });
  await page.keyboard.press("Tab");
  const first = await page.evaluate(() => document.activeElement.textContent);
  if (!first.startsWith("Skip to")) say(`the first stop of the tab key is “${first}”`);
  await page.focus(".matrix summary");
  await page.keyboard.press("Enter");
  if (!(await page.$(".matrix details[open]"))) say("a cell does not open with Enter");
  const rows = () => page.$$eval("[data-row]", (all) => all.filter((row) => row.checkVisibility()).length);
  const all = await rows();
  const service = await page.$$eval(".matrix [scope=row]", (names) => names.at(-1).textContent);
  await page.type("#q", service);
  const some = await rows();
  if (some === 0 || (all > 4 && some >= all)) say(`the filter leaves ${some} of ${all} rows`);
  const announced = await page.$eval("#found", (found) => found.textContent);
  if (!announced.startsWith(`${some} of `)) say(`the filter says “${announced}” of ${some} rows`);
  await page.keyboard.press("Escape");
  if ((await rows()) !== all) say("Escape does not bring all rows back");
  // The documents are from 2026-11-20, 14:00; the page is to be made every hour.
  const age = async (later) => {
    await page.evaluateOnNewDocument(`Date.now = () => Date.parse("2026-11-20T14:00:00Z") + ${later};`);
    await page.reload();
    return page.$eval("#read", (read) => [read.querySelector("#age").textContent, read.classList.contains("old")].join());
  };
  for (const [minutes, shown] of [[12, ", 12 min ago,false"], [179, ", 2 h ago,false"], [181, ", 3 h ago: out of date,true"]]) {
    const found = await age(minutes * 60000);
    if (found !== shown) say(`after ${minutes} minutes its age is “${found}”`);
  }
  await page.close();

  const bare = await open(path, { width: 1280, scheme: "light", scripts: false });
  const text = await bare.page.$eval("body", (body) => body.innerText);
  for (const part of ["What waits", "Services by stage", "History", "2026-11-20 14:00 UTC", "out of date after 3 h"]) {
    if (!text.includes(part)) bare.say(`“${part}” is not shown`);
  }
  if (text.includes("Filter")) bare.say("it shows a filter that cannot work");
  await bare.page.close();
}

await browser.close();
if (wrong.length > 0) {
  console.error(wrong.join("\n"));
  process.exit(1);
}
console.log(`${pages.length} boards: 390 and 1280 pixels, light and dark, with and without scripts, by keyboard, axe without a serious finding`);
