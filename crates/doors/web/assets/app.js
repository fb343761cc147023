// Everything here is an enhancement: each page is whole without it.
(() => {
  "use strict";
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];
  const say = (text) => {
    let live = $("#live");
    if (!live) {
      live = document.createElement("div");
      live.id = "live"; live.className = "hidden"; live.setAttribute("role", "status");
      document.body.append(live);
    }
    live.textContent = text;
  };

  // Menus: one open at a time, closed by Escape and by a click elsewhere.
  const closeMenus = (except) => $$("details.menu[open]").forEach((menu) => { if (menu !== except) menu.open = false; });
  document.addEventListener("toggle", (event) => {
    if (event.target.matches?.("details.menu[open]")) closeMenus(event.target);
  }, true);

  // Palette
  const palette = $("#palette");
  if (palette) {
    const input = $("input", palette), list = $("#palette-list"), nothing = $(".palette-none", palette);
    let found = [], at = 0, asked = 0, answered, timer;
    const commands = () => $$(".side nav a").map((link) => ({ label: $("span", link).textContent, hint: link.dataset.go ? "g " + link.dataset.go : "", kind: "Page", href: link.href }));
    const mark = () => {
      $$("li", list).forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
      const item = list.children[at];
      if (item) { input.setAttribute("aria-activedescendant", item.id); item.scrollIntoView({ block: "nearest" }); }
      else input.removeAttribute("aria-activedescendant");
    };
    const show = () => {
      list.replaceChildren(...found.map((entry, index) => {
        const item = document.createElement("li");
        item.id = "found-" + index; item.setAttribute("role", "option"); item.dataset.index = index;
        for (const [name, text] of [["key", entry.kind], ["label", entry.label], ["muted", entry.hint]]) {
          const span = document.createElement("span");
          span.className = name; span.textContent = text || ""; item.append(span);
        }
        return item;
      }));
      at = 0; nothing.hidden = found.length > 0 || !input.value.trim(); mark();
    };
    const search = async () => {
      const text = input.value.trim(), turn = ++asked;
      const pages = commands().filter((entry) => entry.label.toLowerCase().includes(text.toLowerCase()));
      if (!text) { found = pages; answered = text; show(); return; }
      try {
        const url = new URL(root.dataset.paletteSource, location.href);
        url.searchParams.set("q", text);
        if (root.dataset.project) url.searchParams.set("from", root.dataset.project);
        const answer = await fetch(url, { headers: { Accept: "application/json" } });
        const records = answer.ok ? await answer.json() : [];
        if (turn === asked) { found = [...records, ...pages]; answered = text; show(); }
      } catch { if (turn === asked) { found = pages; answered = text; show(); } }
    };
    const go = (entry, fresh) => { if (entry) { fresh ? open(entry.href, "_blank", "noopener") : location.assign(entry.href); } };
    const openPalette = () => { closeMenus(); if (!palette.open) { palette.showModal(); input.value = ""; search(); } };
    input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(search, 90); });
    input.addEventListener("keydown", async (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && found.length) { event.preventDefault(); at = (at + step + found.length) % found.length; mark(); }
      else if (event.key === "Enter") {
        event.preventDefault();
        // Who types faster than the answer comes opens what they typed, not what stood there before.
        if (answered !== input.value.trim()) { clearTimeout(timer); await search(); }
        go(found[at], event.ctrlKey || event.metaKey);
      }
    });
    list.addEventListener("click", (event) => go(found[event.target.closest("li")?.dataset.index], event.ctrlKey || event.metaKey));
    palette.addEventListener("click", (event) => { if (event.target === palette) palette.close(); });
    document.addEventListener("click", (event) => {
      if (event.target.closest("[data-palette]") && !event.ctrlKey && !event.metaKey) { event.preventDefault(); openPalette(); }
    });
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); }
    });
  }

  // Single keys: help, go, rows, create, edit, filter
  const help = () => { closeMenus(); const sheet = $("#shortcuts"); if (sheet && !sheet.open) sheet.showModal(); };
  const openFold = (selector) => {
    const fold = $(selector);
    if (!fold) return false;
    if (fold.matches("details")) { fold.open = true; $("input:not([type=hidden]), textarea, select", fold)?.focus(); } else fold.click();
    return true;
  };
  const moveRow = (step) => {
    const rows = $$("main a[data-row]").filter((row) => row.offsetParent);
    if (!rows.length) return false;
    const now = rows.findIndex((row) => row === document.activeElement || row.closest("tr, li")?.contains(document.activeElement));
    const next = rows[Math.min(rows.length - 1, Math.max(0, now + step))];
    next.focus(); next.scrollIntoView({ block: "nearest" });
    return true;
  };
  let going = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const menu = $("details.menu[open]");
      if (menu) { menu.open = false; $("summary", menu).focus(); }
      return;
    }
    if (root.dataset.shortcuts === "off" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
    const key = event.key;
    let done = true;
    if (going && Date.now() - going < 1500) {
      going = 0;
      const link = $(`.side a[data-go="${CSS.escape(key)}"]`);
      if (link) location.assign(link.href); else done = false;
    } else if (key === "g") going = Date.now();
    else if (key === "?") help();
    else if (key === "j") done = moveRow(1);
    else if (key === "k") done = moveRow(-1);
    else if (key === "c") done = openFold("[data-create]");
    else if (key === "e") done = openFold("[data-edit]");
    else if (key === "/") { const filter = $("[data-filter]"); done = !!filter; filter?.focus(); filter?.select(); }
    else done = false;
    if (done) event.preventDefault();
  });

  document.addEventListener("click", async (event) => {
    const target = event.target;
    if (!target.closest("details.menu")) closeMenus();
    if (target.closest("[data-help]")) help();
    const copy = target.closest("[data-copy]");
    if (copy && navigator.clipboard) {
      try { await navigator.clipboard.writeText(copy.dataset.copy); say("Copied " + copy.dataset.copy); copy.title = "Copied"; }
      catch { say("The browser did not allow copying"); }
    }
  });

  // Theme: at once, and remembered by the same form post as without script.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-theme-form]") || !event.submitter) return;
    event.preventDefault();
    const theme = event.submitter.value;
    if (theme === "system") delete root.dataset.theme; else root.dataset.theme = theme;
    $$("[data-theme-form] button").forEach((button) => button.setAttribute("aria-pressed", String(button.value === theme)));
    const body = new URLSearchParams(new FormData(form));
    body.set("theme", theme);
    fetch(form.action, { method: "POST", body, redirect: "manual" }).catch(() => say("The theme could not be remembered"));
  });

  // Upload: files dropped on the zone join the form's own input; progress while they travel.
  const uploads = () => $$("form[data-upload]").forEach((form) => {
    const zone = $(".drop", form), input = $("input[type=file]", form), names = $("[data-chosen]", form);
    const chosen = () => {
      const files = [...input.files], size = files.reduce((sum, file) => sum + file.size, 0);
      names.textContent = files.length ? `${files.length === 1 ? files[0].name : files.length + " files"}, ${(size / 1e6).toFixed(1)} MB` : "";
    };
    input.addEventListener("change", chosen);
    for (const type of ["dragenter", "dragover"]) zone.addEventListener(type, (event) => { event.preventDefault(); zone.classList.add("over"); });
    for (const type of ["dragleave", "drop"]) zone.addEventListener(type, () => zone.classList.remove("over"));
    zone.addEventListener("drop", (event) => { event.preventDefault(); input.files = event.dataTransfer.files; chosen(); });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const request = new XMLHttpRequest(), box = $("[data-upload-progress]", form), bar = $("progress", box), words = $("span", box);
      const button = $("button.main", form);
      const fail = (text) => { words.textContent = text; say(text); button.disabled = false; };
      box.hidden = false; button.disabled = true;
      request.upload.addEventListener("progress", (step) => {
        if (!step.lengthComputable) return;
        bar.max = step.total; bar.value = step.loaded;
        words.textContent = `Sending: ${(step.loaded / 1e6).toFixed(1)} of ${(step.total / 1e6).toFixed(1)} MB`;
      });
      request.addEventListener("load", () => {
        if (request.status < 400 && new URL(request.responseURL).href !== new URL(form.action).href) { location.assign(request.responseURL); return; }
        const answer = new DOMParser().parseFromString(request.responseText, "text/html"), main = $("main", answer);
        if (main) { $("main").replaceWith(main); start(); main.focus(); } else fail(`The server answered ${request.status}. Nothing was imported; try again.`);
      });
      request.addEventListener("error", () => fail("The connection broke. Nothing was imported; try again."));
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "text/html");
      request.send(new FormData(form));
    });
  });

  // Live: an element with data-poll is fetched again from the page itself until it comes back without.
  function start() {
    uploads();
    $$("[data-poll][id]").forEach((element) => {
      const again = async () => {
        let delay = Number(element.dataset.poll) || 1000;
        try {
          const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
          const page = new DOMParser().parseFromString(await answer.text(), "text/html"), fresh = page.getElementById(element.id);
          if (answer.ok && fresh) {
            const done = !fresh.matches("[data-poll]");
            element.replaceWith(fresh); element = fresh;
            if (done) { say(fresh.dataset.said || "Done"); return; }
          }
        } catch { delay *= 4; }
        setTimeout(again, delay);
      };
      setTimeout(again, Number(element.dataset.poll) || 1000);
    });
  }
  start();
})();
