// The story in docs/story.md, as it stands there: its commands are run, and each picture's page is opened, read and held to the rules of accessibility.
//
// Inputs: BASE_URL of a server with the demonstration that runs on this machine, SITE_EMAIL, SITE_PASSWORD and SITE_TOKEN of its owner, THROUGHLINE_DATA, its
// data directory, and THROUGHLINE, the program. Without them nothing is tested here. XTASK is the built `cargo xtask`, if there is one; PICTURES is where to put the pictures, if anywhere.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { context, launch } from "./browser.mjs";
import { faultsOf, listen, signIn } from "./look.mjs";

const { BASE_URL, SITE_EMAIL, SITE_PASSWORD, SITE_TOKEN, THROUGHLINE_DATA, THROUGHLINE, XTASK, PICTURES } = process.env;
const skip = !(BASE_URL && SITE_EMAIL && SITE_PASSWORD && SITE_TOKEN && THROUGHLINE_DATA && THROUGHLINE)
  && "BASE_URL, SITE_EMAIL, SITE_PASSWORD, SITE_TOKEN, THROUGHLINE_DATA and THROUGHLINE are not all set";
const base = (BASE_URL ?? "").replace(/\/$/, "");
const root = fileURLToPath(new URL("../../", import.meta.url));

/** The commands and pictures of a page, in their order. */
function steps(text) {
  const found = /^```sh(?: exits=(\d+))?\n([\s\S]*?)^```$|^!\[[^\]]*\]\(images\/story\/(\w+)\.png\)$/gm;
  return [...text.matchAll(found)].map(([, code, script, picture]) => (picture ? { picture } : { script, code: Number(code ?? 0) }));
}

/** One shell for the whole story, as a reader has: what one command sets, the next one knows. */
function shell(scratch) {
  const child = spawn("bash", ["--norc"], {
    cwd: root,
    env: { ...process.env, PATH: `${scratch}:${process.env.PATH}`, THROUGHLINE_URL: base, THROUGHLINE_TOKEN: SITE_TOKEN, THROUGHLINE_DATA, scratch },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  let heard = () => {};
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => { said += data; heard(); });
  child.on("exit", () => heard());
  child.stdin.write("set -o pipefail; trap 'failed=$?' ERR\n");
  // As it was just built: `cargo xtask` would build its libraries once more, with the features it needs alone.
  if (XTASK) child.stdin.write(`cargo() { shift; "${XTASK}" "$@"; }\n`);
  return {
    /** Runs a block; answers what it said and how the last command that failed ended. */
    async run(script) {
      said = "";
      // Without an input: what reads one would read the commands that follow.
      child.stdin.write(`failed=0\n{\n${script}\n} </dev/null\nprintf '\\n<<%s>>\\n' "$failed"\n`);
      for (;;) {
        const end = said.match(/\n<<(\d+)>>\n/);
        if (end) return { said: said.slice(0, end.index), code: Number(end[1]) };
        assert.equal(child.exitCode, null, `the shell ended: ${said}`);
        await new Promise((resolve) => { heard = resolve; });
      }
    },
    end: () => child.stdin.end(),
  };
}

const project = "/p/throughline";
/** Goes to a page of which only the way is known: from a page by its first link that fits. */
async function follow(page, from, selector) {
  await page.goto(base + from);
  await page.goto(base + (await page.getAttribute(selector, "href")));
}
const asking = async (page, wanted) => assert.ok(wanted.test(await page.innerText("body")), `${page.url()} does not say ${wanted}`);

/** How a person comes to each picture, and what has to stand there. */
const pictures = {
  async requirement(page) {
    await page.goto(`${base}${project}/requirements/REQ-31`);
    await asking(page, /Importing again changes nothing[\s\S]*creates no record/);
  },
  async matrix(page) {
    await page.goto(`${base}${project}/matrix?sort=key`);
    await asking(page, /REQ-1\b/);
  },
  async test(page) {
    await follow(page, `${project}/requirements/REQ-31`, `main a[href*="${project}/tests/"]`);
    await asking(page, /REQ-31/);
  },
  async build(page) {
    await follow(page, `${project}/builds`, `main a[href*="${project}/builds/"][data-row]`);
    await asking(page, /[Uu]nproven criteria/);
  },
  async deployments(page) {
    await page.goto(`${base}${project}/deployments`);
    await asking(page, /production/);
  },
  async evidence(page) {
    await follow(page, `${project}/builds`, `main a[href*="${project}/builds/"][data-row]`);
    const answer = await page.goto(base + (await page.getAttribute('main a[href*="/evidence/"][href$="/page"]', "href")));
    // The server shows it in a sandbox, in which axe cannot run either.
    const text = await answer.text();
    await page.goto("about:blank");
    await page.setContent(text);
    await asking(page, /Release 0\.1/);
  },
  async exposure(page) {
    await page.goto(`${base}/exposure?identifier=EXAMPLE-2026-0001`);
    await asking(page, /production/);
  },
  async suspects(page) {
    await page.goto(`${base}${project}/suspects`);
    await asking(page, /REQ-31/);
  },
  async impact(page) {
    await page.goto(`${base}/impact?record=throughline:REQ-31`);
    await asking(page, /What a change would touch/);
  },
  async comparison(page) {
    await follow(page, `${project}/baselines`, 'main a[href$="/comparison"]');
    await asking(page, /in whatever order/);
  },
  async history(page) {
    await follow(page, `${project}/requirements/REQ-31`, 'main a[href*="/history/"]');
    await asking(page, /Nobody agreed to this/);
  },
};

// Proves REQ-57.1, REQ-59.1, REQ-61.2.
test("the story holds, from the requirement to production and back", { skip }, async () => {
  const story = steps(await readFile(join(root, "docs/story.md"), "utf8"));
  assert.deepEqual(story.flatMap(({ picture }) => picture ?? []), Object.keys(pictures), "the pictures of the story and the ways to them");
  const scratch = await mkdtemp(join(process.env.TMPDIR ?? tmpdir(), "throughline-story-"));
  await symlink(THROUGHLINE, join(scratch, "throughline"));
  const bash = shell(scratch);
  const browser = await launch();
  const faults = [];
  try {
    const made = await context(browser, base, { width: 1280 });
    const page = await made.newPage();
    listen(page, base, faults);
    await signIn(page, base, { email: SITE_EMAIL, password: SITE_PASSWORD });
    for (const { picture, script, code } of story) {
      if (script) {
        const ended = await bash.run(script);
        assert.equal(ended.code, code, `${script}\n${ended.said}`);
        continue;
      }
      await pictures[picture](page);
      await page.evaluate(() => document.fonts.ready);
      if (PICTURES) await page.screenshot({ path: join(PICTURES, `${picture}.png`) });
      for (const [width, colorScheme] of [[1280, "light"], [390, "dark"]]) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        faults.push(...await faultsOf(page, `${picture}, ${width} px, ${colorScheme}:`));
      }
      await page.setViewportSize({ width: 1280, height: 900 });
      await page.emulateMedia({ colorScheme: "light" });
    }
    assert.equal(faults.length, 0, `${faults.length} faults\n${faults.join("\n")}`);
  } finally {
    bash.end();
    await browser.close();
    await rm(scratch, { recursive: true });
  }
});
