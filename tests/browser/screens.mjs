// Takes the pictures of the README: node screens.mjs CREDENTIALS.json DIRECTORY, of a server with the demonstration.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { context, launch } from "./browser.mjs";

const [, , credentials, directory] = process.argv;
const { url, email, password } = JSON.parse(await readFile(credentials, "utf8"));
const pictures = [["matrix", "/p/throughline/matrix?sort=key"]];

const browser = await launch();
try {
  const made = await context(browser, url, { width: 1440 });
  const page = await made.newPage();
  await page.goto(`${url}/sign-in`);
  await page.fill("input[name=email]", email);
  await page.fill("input[name=password]", password);
  await page.press("input[name=password]", "Enter");
  await page.waitForURL((address) => !address.pathname.startsWith("/sign-in"));
  for (const [name, path] of pictures) {
    const answer = await page.goto(url + path, { waitUntil: "load" });
    if (!answer.ok()) throw new Error(`${path}: ${answer.status()}`);
    await page.evaluate(() => document.fonts.ready);
    await page.screenshot({ path: join(directory, `${name}.png`) });
  }
} finally {
  await browser.close();
}
