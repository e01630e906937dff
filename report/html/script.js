"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const pageSize = 100;
  const printRows = 2000;
  const severities = ["critical", "high", "medium", "low", "info"];

  // All text comes from the CMSes: it only ever becomes text, never markup.
  const element = (tag, className, ...children) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };
  const link = (address, text) => {
    if (!/^https?:\/\//.test(address || "")) return element("span", "", text);
    const node = element("a", "", text);
    node.href = address;
    node.rel = "noopener noreferrer";
    node.target = "_blank";
    return node;
  };
  const number = (n) => n.toLocaleString("en-US");

  // A page keeps what its tables show in its address, so that it can be shared.
  const state = new URLSearchParams(location.hash.slice(1));
  const remember = (key, value, standard) => {
    const kept = value === standard ? "" : value;
    if (kept === (state.get(key) || "")) return;
    if (kept === "") state.delete(key); else state.set(key, kept);
    history.replaceState(null, "", "#" + state.toString());
  };

  // table shows rows: columns are {title, value, sort, cell, numeric}; filters
  // are {title, value}.
  function table(id, rows, columns, filters, detail) {
    const root = document.getElementById(id);
    const get = (key, standard) => state.get(id + "." + key) || standard;
    const view = { text: get("q", ""), column: Number(get("sort", "0")) || 0, down: get("dir", "") === "down", page: (Number(get("page", "1")) || 1) - 1, chosen: {} };
    if (view.column < 0 || view.column >= columns.length) view.column = 0;
    const search = element("input");
    search.type = "search";
    search.placeholder = "Filter";
    search.setAttribute("aria-label", "Filter by text");
    search.value = view.text;
    const count = element("span", "count");
    count.setAttribute("role", "status");
    const back = element("button", "", "Previous"), forth = element("button", "", "Next");
    back.type = forth.type = "button";
    const selects = filters.map((filter, i) => {
      const select = element("select");
      select.setAttribute("aria-label", filter.title);
      select.append(new Option(filter.title + ": all", ""));
      for (const value of [...new Set(rows.map(filter.value))].filter(Boolean).sort(filter.order)) select.append(new Option(value, value));
      select.value = get("f" + i, "");
      if (select.selectedIndex < 0) select.value = "";
      view.chosen[i] = select.value;
      select.addEventListener("change", () => { view.chosen[i] = select.value; view.page = 0; remember(id + ".f" + i, select.value, ""); show(); });
      return select;
    });
    const head = element("tr"), body = element("tbody");
    const headers = columns.map((column, i) => {
      const button = element("button", "", column.title);
      button.type = "button";
      button.addEventListener("click", () => {
        view.down = view.column === i ? !view.down : false;
        view.column = i;
        view.page = 0;
        remember(id + ".sort", String(i), "0");
        remember(id + ".dir", view.down ? "down" : "", "");
        show();
      });
      const th = element("th", column.numeric ? "n" : "", button);
      th.scope = "col";
      head.append(th);
      return th;
    });
    root.append(
      element("div", "controls", search, ...selects, count, back, forth),
      element("div", "scroll", element("table", "", element("thead", "", head), body)),
    );
    const haystack = new Map();
    const text = (row) => {
      if (!haystack.has(row)) haystack.set(row, [...columns.map((column) => column.value(row)), row.source.labelText].join("\n").toLowerCase());
      return haystack.get(row);
    };
    const compare = (a, b) => {
      const column = columns[view.column], key = column.sort || column.value;
      const x = key(a), y = key(b);
      if (x === y) return a.index - b.index;
      if (x === null || x === "") return 1;
      if (y === null || y === "") return -1;
      const order = typeof x === "number" ? x - y : String(x).localeCompare(String(y), "en");
      return (view.down ? -order : order) || a.index - b.index;
    };
    let found = rows;
    const visible = (row) => filters.every((filter, i) => !view.chosen[i] || filter.value(row) === view.chosen[i]);
    const select = () => {
      const words = view.text.toLowerCase().split(/\s+/).filter(Boolean);
      found = rows.filter((row) => visible(row) && words.every((word) => text(row).includes(word))).sort(compare);
    };
    const draw = (from, to) => {
      body.replaceChildren(...found.slice(from, to).map((row) => {
        const tr = element("tr", "row", ...columns.map((column) => element("td", column.numeric ? "n" : column.wide ? "text" : "", column.cell ? column.cell(row) : String(column.value(row)))));
        tr.tabIndex = 0;
        const toggle = () => {
          if (tr.nextSibling && tr.nextSibling.className === "detail") { tr.nextSibling.remove(); return; }
          const td = element("td", "", detail(row));
          td.colSpan = columns.length;
          tr.after(element("tr", "detail", td));
        };
        tr.addEventListener("click", (event) => { if (!event.target.closest("a")) toggle(); });
        tr.addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target === tr) toggle(); });
        return tr;
      }));
    };
    const show = () => {
      select();
      const pages = Math.max(1, Math.ceil(found.length / pageSize));
      view.page = Math.min(Math.max(view.page, 0), pages - 1);
      const from = view.page * pageSize, to = Math.min(from + pageSize, found.length);
      draw(from, to);
      count.textContent = found.length === 0 ? "none of " + number(rows.length) : number(from + 1) + "\u2013" + number(to) + " of " + number(found.length) + (found.length < rows.length ? " (" + number(rows.length) + " in all)" : "");
      back.disabled = view.page === 0;
      forth.disabled = view.page === pages - 1;
      remember(id + ".page", String(view.page + 1), "1");
      headers.forEach((th, i) => {
        if (i === view.column) th.setAttribute("aria-sort", view.down ? "descending" : "ascending"); else th.removeAttribute("aria-sort");
      });
    };
    search.addEventListener("input", () => { view.text = search.value; view.page = 0; remember(id + ".q", view.text, ""); show(); });
    back.addEventListener("click", () => { view.page--; show(); });
    forth.addEventListener("click", () => { view.page++; show(); });
    show();
    return { expand: () => draw(0, printRows), restore: show };
  }

  const list = (pairs) => {
    const dl = element("dl");
    for (const [name, value] of pairs) if (value) dl.append(element("dt", "", name), element("dd", "", value));
    return dl;
  };
  const clamp = (text) => element("div", "clamp", text);
  const badge = (word) => element("span", "badge " + word.replaceAll(" ", "-"), word);
  const identifier = (text) => element("span", "id", text);
  const bySeverity = (a, b) => severities.indexOf(a) - severities.indexOf(b);

  // Labels are filters: one for each of the first keys; the text finds them all.
  const labelFilters = 6;
  const labelKeys = [...new Set(data.sources.flatMap((s) => (s.labels || []).map(([key]) => key)))].sort().slice(0, labelFilters);
  for (const s of data.sources) s.labelText = (s.labels || []).map(([key, value]) => key + "=" + value).join(", ");
  const label = (s, key) => ((s.labels || []).find(([k]) => k === key) || ["", ""])[1];
  const byLabel = labelKeys.map((key) => ({ title: "Label " + key, value: (row) => label(row.source, key) }));

  const teamFilter = data.tokens && data.tokens.some((t) => t[22]) || data.findings.some((f) => f[16]) ? [{ title: "Team", value: (row) => row.team || "unassigned" }] : [];

  const rule = (i) => data.rules[i], source = (i) => data.sources[i];
  const findings = data.findings.map((f, index) => ({
    index, severity: severities[f[0]], status: f[1], rule: rule(f[2]), source: source(f[3]), token: f[4], name: f[5], kind: f[6], message: f[7],
    url: f[8], fix: data.fixes[f[9]], baseline: f[10], extra: f[11], evidence: f[12], fingerprint: f[13], place: f[14], owner: f[15], team: f[16],
  }));
  const tables = [table("findings", findings, [
    { title: "Severity", value: (f) => f.severity, sort: (f) => severities.indexOf(f.severity), cell: (f) => badge(f.severity) },
    { title: "Status", value: (f) => f.status, cell: (f) => element("span", "", f.status === "fail" ? "open" : badge(f.status), f.baseline === "new" ? " " : null, f.baseline === "new" ? badge("new") : null) },
    { title: "Rule", value: (f) => f.rule, cell: (f) => identifier(f.rule) },
    { title: "Name", value: (f) => f.name, cell: (f) => element("div", "name", clamp(f.name)) },
    { title: "Token", wide: true, value: (f) => f.token || f.source.id, cell: (f) => identifier(f.token || f.source.id) },
    { title: "What is wrong", wide: true, value: (f) => f.message, cell: (f) => clamp(f.message) },
  ], [
    { title: "Severity", value: (f) => f.severity, order: bySeverity }, { title: "Status", value: (f) => f.status === "fail" ? "open" : f.status },
    { title: "Rule", value: (f) => f.rule }, { title: "CMS", value: (f) => f.source.cms }, ...(data.compared ? [{ title: "Since", value: (f) => f.baseline }] : []), ...byLabel, ...teamFilter,
  ], (f) => list([
    ["What is wrong", f.message], ["What to do", f.fix], ["Where", f.url ? link(f.url, f.url) : ""], ["Source", f.source.name + " (" + f.source.id + ")"], ["Labels", f.source.labelText], ["Owner", f.owner], ["Team", f.team], ["Kind", f.kind],
    ["Declared", f.place], ["Why it is here", f.extra], ["Evidence", f.evidence ? element("code", "", f.evidence) : ""], ["Fingerprint", identifier(f.fingerprint)],
  ]))];

  if (data.tokens) {
    const tokens = data.tokens.map((t, index) => ({
      index, id: t[0], name: t[1], source: source(t[2]), kind: t[3], level: t[4], status: t[5], environments: t[6], role: t[7], created: t[8], age: t[9],
      expiry: t[10], left: t[11], used: t[12], idle: t[13], owner: t[14], failed: t[15].map(rule), undecided: t[16].map(rule), waived: t[17].map(rule), url: t[18], grants: t[19], description: t[20], reason: t[21], team: t[22],
    }));
    const levels = ["none", "read", "trigger", "write", "schema", "admin", "unknown"];
    const reach = (t) => {
      const chain = element("div", "reach", element("span", "", t.name || t.id), element("em", "", "\u2192"), element("span", "", (t.role ? t.role + ": " : "") + t.level), element("em", "", "\u2192"));
      for (const name of t.environments.names) chain.append(element("span", "", name));
      if (t.environments.more) chain.append(element("em", "", "and " + number(t.environments.more) + " more"));
      if (t.environments.state !== "listed") chain.append(element("em", "", t.environments.state === "all" ? "all there are, now and later" : "unknown: " + t.environments.reason));
      return chain;
    };
    tables.push(table("inventory", tokens, [
      { title: "Name", value: (t) => t.name, cell: (t) => element("div", "name", clamp(t.name)) },
      { title: "Token", wide: true, value: (t) => t.id, cell: (t) => identifier(t.id) },
      { title: "Kind", value: (t) => t.kind },
      { title: "Can", value: (t) => t.level, sort: (t) => levels.indexOf(t.level) },
      { title: "Status", value: (t) => t.status, cell: (t) => t.status === "active" ? "active" : badge(t.status) },
      { title: "Age", value: (t) => t.created, sort: (t) => t.age, numeric: true },
      { title: "Expires", value: (t) => t.expiry, sort: (t) => t.left, numeric: true },
      { title: "Last used", value: (t) => t.used, sort: (t) => t.idle, numeric: true },
      { title: "Environments", value: (t) => t.environments.text, sort: (t) => t.environments.count, numeric: true },
      { title: "Findings", value: (t) => String(t.failed.length), sort: (t) => -t.failed.length, numeric: true },
    ], [
      { title: "CMS", value: (t) => t.source.cms }, { title: "Kind", value: (t) => t.kind }, { title: "Can", value: (t) => t.level, order: (a, b) => levels.indexOf(a) - levels.indexOf(b) },
      { title: "Status", value: (t) => t.status }, { title: "Source", value: (t) => t.source.id }, ...byLabel, ...teamFilter,
    ], (t) => list([
      ["Reach", reach(t)], ["Description", t.description], ["Where", t.url ? link(t.url, t.url) : ""], ["Source", t.source.name + " (" + t.source.id + ")"], ["Labels", t.source.labelText], ["Owner", t.owner], ["Team", t.team], ["Grants", t.grants], ["Why assumed", t.reason],
      ["Fails", t.failed.join(", ")], ["Waived", t.waived.join(", ")], ["Not evaluated", t.undecided.join(", ")],
    ])));
  }

  // On paper the findings are there in full, not one page of them.
  addEventListener("beforeprint", () => tables[0].expand());
  addEventListener("afterprint", () => tables[0].restore());
})();
