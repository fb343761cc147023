// A Chromium of the system, quiet and fresh, and the server under test.
//
// Inputs: BASE_URL (a running server; otherwise the gallery is started), PAGES (a file with a JSON list of paths;
// otherwise the server's /pages.json), CHROMIUM (the executable; otherwise /usr/bin/chromium),
// COOKIE (name=value, to be signed in).
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Starts the gallery on a free port, or uses BASE_URL. Answers `{ url, stop }`. */
export async function server() {
  if (process.env.BASE_URL) return { url: process.env.BASE_URL.replace(/\/$/, ""), stop() {} };
  const child = spawn("cargo", ["run", "--quiet", "-p", "web", "--example", "gallery", "--", "0"], { cwd: root, stdio: ["ignore", "pipe", "inherit"], detached: true });
  const url = await new Promise((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the gallery ended with ${code} before it printed its address`)));
    child.stdout.once("data", (data) => resolve(String(data).trim().replace(/\/$/, "")));
  });
  // cargo runs the gallery as its child: the whole group goes.
  return { url, stop: () => process.kill(-child.pid) };
}

/** The paths to look at. */
export async function pages(url) {
  if (process.env.PAGES) return JSON.parse(await readFile(process.env.PAGES, "utf8"));
  const names = await (await fetch(`${url}/pages.json`)).json();
  return names.map((name) => `/${name}`);
}

/** Chromium with nothing of its own going on in the background; Playwright gives it a fresh profile. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** A context of a width and colour scheme, signed in when COOKIE says so. */
export async function context(browser, url, { width, colorScheme = "light", javaScriptEnabled = true }) {
  const made = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, javaScriptEnabled, reducedMotion: "reduce" });
  const [name, ...value] = (process.env.COOKIE ?? "").split("=");
  if (name) await made.addCookies([{ name, value: value.join("="), url }]);
  return made;
}
