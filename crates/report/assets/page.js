// What the page does beyond being read: values under the pointer, methods that come and go, tables that
// sort, downloads, and a list of contents that follows. Without this script the page shows all of it at once.
(() => {
  "use strict";
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const element = (name, properties, ...children) => {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...children);
    return made;
  };
  const save = (name, text, type) => {
    const url = URL.createObjectURL(new Blob([text], { type }));
    element("a", { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  };

  // Values under the pointer. The browser's own tooltip is slow, so its text is taken over.
  const tip = element("div", { id: "tip", hidden: true });
  tip.setAttribute("role", "status");
  document.body.append(tip);
  const tips = new WeakMap();
  for (const title of all(".drawing circle > title")) {
    tips.set(title.parentNode, title.textContent);
    title.remove();
  }
  document.addEventListener("pointerover", (event) => {
    const text = tips.get(event.target);
    tip.hidden = text === undefined;
    if (tip.hidden) return;
    tip.textContent = text;
    const box = event.target.getBoundingClientRect();
    const left = Math.min(Math.max(8, box.x + box.width / 2 - tip.offsetWidth / 2),
      document.documentElement.clientWidth - tip.offsetWidth - 8);
    tip.style.left = `${left + scrollX}px`;
    tip.style.top = `${box.y + scrollY - tip.offsetHeight - 6}px`;
  });

  // Methods that come and go, in every figure and table at once.
  const bar = document.getElementById("methods");
  const hidden = new Set();
  const toggle = (name) => {
    if (!hidden.delete(name)) hidden.add(name);
    for (const one of all("[data-series], [data-key]")) {
      one.classList.toggle("off", hidden.has(one.dataset.series ?? one.dataset.key));
    }
    for (const button of all("button[data-toggle]")) {
      button.setAttribute("aria-pressed", String(!hidden.has(button.dataset.toggle)));
    }
  };
  if (bar) {
    bar.hidden = false;
    const known = new Set(all("button[data-toggle]", bar).map((button) => button.dataset.toggle));
    document.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-toggle]");
      const key = event.target.closest("[data-key]");
      if (button) toggle(button.dataset.toggle);
      else if (key && known.has(key.dataset.key)) toggle(key.dataset.key);
    });
  }

  // Tables that sort by a column: numbers by their size, the rest by its letters.
  const text = (cell) => {
    const copy = cell.cloneNode(true);
    all(".interval, .spoken, .anchor", copy).forEach((one) => one.remove());
    return copy.textContent.trim();
  };
  const number = (words) => {
    const found = words.replaceAll(",", "").replace("−", "-").replace(/^[<>]\s*/, "");
    const value = parseFloat(found);
    return Number.isFinite(value) ? value : undefined;
  };
  const compare = (a, b) => {
    const [x, y] = [number(a), number(b)];
    if (x !== undefined && y !== undefined) return x - y;
    if (x === undefined && y === undefined) return a.localeCompare(b);
    return x === undefined ? 1 : -1;
  };
  for (const table of all(".scroll table")) {
    const heads = all("thead th", table);
    const body = table.tBodies[0];
    if (!body || body.rows.length < 2) continue;
    heads.forEach((head, column) => {
      const button = element("button", { type: "button", className: "sort" });
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const rising = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", rising ? "ascending" : "descending");
        table.classList.add("sorted");
        const key = new Map([...body.rows].map((row) => [row, text(row.cells[column])]));
        const rows = [...body.rows].sort((a, b) => compare(key.get(a), key.get(b)));
        body.append(...(rising ? rows : rows.reverse()));
      });
    });
  }

  // Downloads that work without the other files of the run.
  // A cell may have an interval or a verdict beside its value; these are columns of their own.
  const pieces = (cell) => {
    const value = cell.cloneNode(true);
    const beside = all(".interval, .verdict", value).flatMap((one) => {
      one.remove();
      return one.textContent.split(" – ");
    });
    const plain = (words) => words.replace(/\s+/g, " ").trim().replaceAll("−", "-");
    const number = (words) => (cell.classList.contains("number") ? words.replace(/(\d),(?=\d{3})/g, "$1") : words);
    const own = plain(value.textContent);
    return [...(own || !beside.length ? [own] : []), ...beside.map(plain)].map(number);
  };
  const headings = (name, width) =>
    ({ 2: [name, `${name}, {{script-verdict}}`], 3: [name, `${name}, {{script-low}}`, `${name}, {{script-high}}`] })[width] ?? [name];
  const quoted = (words) => (/[",\n]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words);
  for (const frame of all(".scroll")) {
    const name = `${frame.getAttribute("aria-label").replace(/^{{script-table}}: /, "")}`;
    const button = element("button", { type: "button", textContent: "{{script-table-csv}}" });
    button.setAttribute("aria-label", `{{script-table-csv}}: ${name}`);
    button.addEventListener("click", () => {
      const rows = [...frame.querySelector("table").rows].map((row) => [...row.cells].map(pieces));
      const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
      const names = rows[0].map(([name], column) => headings(name, widths[column]));
      const lines = [names, ...rows.slice(1)].map((row) =>
        row.flatMap((cell, column) => Array.from({ length: widths[column] }, (_, i) => quoted(cell[i] ?? ""))).join(","));
      save(`${name.toLowerCase().replaceAll(" ", "-")}.csv`, `${lines.join("\n")}\n`, "text/csv");
    });
    frame.after(element("p", { className: "files" }, button));
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest("figure .files a[download]");
    if (!link || !link.getAttribute("href").endsWith(".svg")) return;
    const drawing = link.closest("figure").querySelector(".drawing.wide svg").cloneNode(true);
    all(".off", drawing).forEach((one) => one.remove());
    event.preventDefault();
    save(link.getAttribute("href").split("/").pop(), drawing.outerHTML, "image/svg+xml");
  });

  // A list of contents that follows, with the parts of the section that is read.
  const nav = document.querySelector("nav");
  const sections = all("main > section");
  const links = new Map();
  for (const section of sections) {
    const link = nav.querySelector(`a[href="#${section.id}"]`);
    const parts = element("div", { className: "parts" });
    for (const anchor of all("h3 > .anchor", section)) {
      const name = anchor.parentNode.firstChild.textContent.trim();
      parts.append(element("a", { href: anchor.getAttribute("href"), textContent: name }));
    }
    link.after(parts);
    links.set(section, link);
  }
  const follow = () => {
    const read = sections.filter((one) => one.getBoundingClientRect().top < innerHeight / 3).pop();
    for (const [section, link] of links) {
      if (section === read) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  addEventListener("scroll", follow, { passive: true });
  follow();

  // On paper everything is open.
  addEventListener("beforeprint", () => all("details:not([open])").forEach((one) => {
    one.open = true;
    one.dataset.closed = "";
  }));
  addEventListener("afterprint", () => all("details[data-closed]").forEach((one) => {
    one.open = false;
    delete one.dataset.closed;
  }));
  // A link into something folded opens it.
  const open = () => {
    const place = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folded = place && place.closest("details:not([open])");
    if (folded) folded.open = true;
    if (place) place.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();
})();
