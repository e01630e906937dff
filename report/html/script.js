"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const pageSize = 100;
  const printRows = 2000;
  const severities = ["critical", "high", "medium", "low", "info"];
  const bands = ["severe", "high", "moderate", "low"];
  const levels = ["none", "read", "trigger", "write", "schema", "admin", "unknown"];

  // All text comes from the CMSes: it only ever becomes text, never markup.
  const element = (tag, className, ...children) => {
    const node = document.createElement(tag);
    if (className) node.className = className;
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };
  const button = (className, text, press) => {
    const node = element("button", className, text);
    node.type = "button";
    node.addEventListener("click", press);
    return node;
  };
  const link = (address, text) => {
    const node = element("a", "", text);
    node.href = address;
    return node;
  };
  const foreign = (address) => {
    if (!/^https?:\/\//.test(address || "")) return element("span", "", address);
    const node = link(address, address);
    node.rel = "noopener noreferrer";
    node.target = "_blank";
    return node;
  };
  const number = (n) => n.toLocaleString("en-US");
  const separated = (nodes, by) => element("span", "", ...nodes.flatMap((node, i) => i ? [by, node] : [node]));

  // The address has the place of the page that is looked at, and what the tables show,
  // as in #findings&findings.severity=high: so it can be shared. A link within the page
  // changes what it names and keeps the rest.
  const parse = (hash) => {
    const parts = hash.replace(/^#/, "").split("&");
    let place = "";
    if (!parts[0].includes("=")) {
      place = parts.shift();
      try { place = decodeURIComponent(place); } catch { /* it stays as it is */ }
    }
    return { place, params: new URLSearchParams(parts.join("&")) };
  };
  const encode = (place) => encodeURIComponent(place).replaceAll("%2F", "/");
  let { place, params: state } = parse(location.hash);
  const address = () => "#" + [encode(place), state.toString()].filter(Boolean).join("&");
  // A browser may refuse an address, such as the hundredth in a minute; the page works on.
  const record = (method) => { try { history[method](null, "", address()); } catch { /* it is not in the address */ } };
  const remember = (key, value, standard) => {
    const kept = value === standard ? "" : value;
    if (kept === (state.get(key) || "")) return;
    if (kept === "") state.delete(key); else state.set(key, kept);
    record("replaceState");
  };
  const forget = (id) => { for (const key of [...state.keys()]) if (key.startsWith(id + ".")) state.delete(key); };

  // table shows rows: columns are {key, title, value, sort, cell, numeric, wide (a class)}; filters are
  // {key, title, values, order}, and one that is exact has no list to choose from; groups
  // are {key, title, value, sort}, and the first one is none.
  function table(id, rows, columns, filters, detail, groups = []) {
    const view = { text: "", column: 0, down: false, page: 0, chosen: {}, group: null };
    const change = (key, value, standard) => { place = id; view.page = 0; remember(id + "." + key, value, standard); show(); };
    const search = element("input");
    search.type = "search";
    search.placeholder = "Filter";
    search.setAttribute("aria-label", "Filter by text");
    search.addEventListener("input", () => { view.text = search.value; change("q", view.text, ""); });
    const count = element("span", "count");
    count.setAttribute("role", "status");
    const turn = (by) => { place = id; view.page += by; show(); };
    const back = button("", "Previous", () => turn(-1)), forth = button("", "Next", () => turn(1));
    const clear = button("clear", "Clear filters", () => { place = id; forget(id); record("replaceState"); restore(); search.focus(); });
    const choosers = filters.map((filter) => {
      if (filter.exact) return button("chip", "", () => { view.chosen[filter.key] = ""; change(filter.key, "", ""); });
      const select = element("select");
      select.setAttribute("aria-label", filter.title);
      select.append(new Option(filter.title + ": all", ""));
      for (const value of [...new Set(rows.flatMap(filter.values))].filter(Boolean).sort(filter.order)) select.append(new Option(filter.title + ": " + value, value));
      select.addEventListener("change", () => { view.chosen[filter.key] = select.value; change(filter.key, select.value, ""); });
      return select;
    });
    const grouper = element("select");
    grouper.setAttribute("aria-label", "Group by");
    grouper.append(...groups.map((group) => new Option("Group by: " + group.title, group.key)));
    grouper.addEventListener("change", () => { view.group = groups[grouper.selectedIndex]; change("group", grouper.value, data.group); });
    const head = element("tr", "", element("th", "", element("span", "unseen", "Details"))), body = element("tbody");
    const headers = columns.map((column, i) => {
      const th = element("th", column.numeric ? "n" : "", button("", column.title, () => {
        view.down = view.column === i ? !view.down : false;
        view.column = i;
        remember(id + ".sort", column.key, columns[0].key);
        change("dir", view.down ? "down" : "", "");
      }));
      th.scope = "col";
      head.append(th);
      return th;
    });
    document.querySelector("#" + id + " .rows").append(
      element("div", "controls", search, ...choosers, groups.length ? grouper : null, clear, count, back, forth),
      element("div", "scroll", element("table", "live", element("thead", "", head), body)),
    );
    const haystack = new Map();
    const text = (row) => {
      if (!haystack.has(row)) haystack.set(row, [...columns.map((column) => column.value(row)), ...filters.flatMap((filter) => filter.values(row)), row.source.labelText].join("\n").toLowerCase());
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
    const visible = (row) => filters.every((filter) => !view.chosen[filter.key] || filter.values(row).includes(view.chosen[filter.key]));
    const select = () => {
      const words = view.text.toLowerCase().split(/\s+/).filter(Boolean);
      found = rows.filter((row) => visible(row) && words.every((word) => text(row).includes(word))).sort(compare);
      if (!view.group || !view.group.value) return;
      const { value, sort } = view.group, order = sort || ((a, b) => value(a).localeCompare(value(b), "en"));
      found.sort((a, b) => order(a, b) || (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0));
    };
    // withHeads puts before the rows of a group what they have in common.
    const withHeads = (from, to) => {
      if (!view.group || !view.group.value) return found.slice(from, to).map(rowOf);
      const name = view.group.value, size = new Map();
      for (const row of found) size.set(name(row), (size.get(name(row)) || 0) + 1);
      return found.slice(from, to).flatMap((row, i, page) => {
        if (i && name(row) === name(page[i - 1])) return [rowOf(row)];
        const th = element("th", "", name(row), element("span", "count", " (" + number(size.get(name(row))) + ")"));
        th.colSpan = columns.length + 1;
        th.scope = "rowgroup";
        return [element("tr", "group", th), rowOf(row)];
      });
    };
    const rowOf = (row) => {
      const opener = button("opener", "", () => toggle());
      opener.setAttribute("aria-label", "Details of " + (row.name || row.id));
      opener.setAttribute("aria-expanded", "false");
      const tr = element("tr", "row", element("td", "open", opener), ...columns.map((column) => {
        const td = element("td", column.numeric ? "n" : column.wide || "", column.cell ? column.cell(row) : String(column.value(row)));
        td.dataset.label = column.title;
        return td;
      }));
      tr.id = row.anchor;
      const toggle = () => {
        const open = opener.getAttribute("aria-expanded") === "true";
        opener.setAttribute("aria-expanded", String(!open));
        if (open) { tr.nextSibling.remove(); return; }
        const td = element("td", "", detail(row));
        td.colSpan = columns.length + 1;
        tr.after(element("tr", "detail", td));
      };
      tr.addEventListener("click", (event) => { if (!event.target.closest("a, button")) toggle(); });
      return tr;
    };
    const show = () => {
      select();
      const pages = Math.max(1, Math.ceil(found.length / pageSize));
      view.page = Math.min(Math.max(view.page, 0), pages - 1);
      const from = view.page * pageSize, to = Math.min(from + pageSize, found.length);
      body.replaceChildren(...withHeads(from, to));
      count.textContent = found.length === 0 ? "none of " + number(rows.length) : number(from + 1) + "\u2013" + number(to) + " of " + number(found.length) + (found.length < rows.length ? " (" + number(rows.length) + " in all)" : "");
      back.disabled = view.page === 0;
      forth.disabled = view.page === pages - 1;
      back.hidden = forth.hidden = pages === 1;
      clear.hidden = !view.text && !Object.values(view.chosen).some(Boolean);
      filters.forEach((filter, i) => {
        if (!filter.exact) return;
        choosers[i].hidden = !view.chosen[filter.key];
        choosers[i].textContent = filter.title + ": " + view.chosen[filter.key] + " \u00d7";
      });
      remember(id + ".page", String(view.page + 1), "1");
      headers.forEach((th, i) => {
        if (i === view.column) th.setAttribute("aria-sort", view.down ? "descending" : "ascending"); else th.removeAttribute("aria-sort");
      });
    };
    // restore shows what the address asks for.
    const restore = () => {
      const get = (key) => state.get(id + "." + key) || "";
      search.value = view.text = get("q");
      view.column = Math.max(0, columns.findIndex((column) => column.key === get("sort")));
      view.down = get("dir") === "down";
      view.page = (Number(get("page")) || 1) - 1;
      if (groups.length) {
        grouper.value = get("group") || data.group;
        if (grouper.selectedIndex < 0) grouper.selectedIndex = 0;
        view.group = groups[grouper.selectedIndex];
      }
      filters.forEach((filter, i) => {
        const value = view.chosen[filter.key] = get(filter.key);
        if (filter.exact) return;
        // A value that no row has lets nothing through, rather than everything.
        if (value && ![...choosers[i].options].some((option) => option.value === value)) choosers[i].append(new Option(filter.title + ": " + value, value));
        choosers[i].value = value;
      });
      show();
    };
    // reveal opens a row, for which filters that hide it give way.
    const reveal = (anchor) => {
      const row = rows.find((r) => r.anchor === anchor);
      if (!row) return false;
      if (!found.includes(row)) {
        forget(id);
        restore();
      }
      view.page = Math.floor(found.indexOf(row) / pageSize);
      show();
      const tr = document.getElementById(anchor);
      if (!tr.nextSibling || tr.nextSibling.className !== "detail") tr.querySelector(".opener").click();
      tr.classList.add("target");
      tr.scrollIntoView({ block: "center" });
      return true;
    };
    restore();
    return { id, restore, reveal, shown: () => found };
  }

  const list = (pairs) => {
    const dl = element("dl");
    for (const [name, value] of pairs) if (value) dl.append(element("dt", "", name), element("dd", "", value));
    return dl;
  };
  const clamp = (text) => element("div", "clamp", text);
  const badge = (word) => element("span", "badge " + word.replaceAll(" ", "-"), word);
  const identifier = (text) => element("span", "id", text);
  const rank = (order) => (a, b) => order.indexOf(a) - order.indexOf(b);

  // Labels are columns and filters: a filter for each of the first keys; the text finds all.
  const labelFilters = 6;
  const labelKeys = [...new Set(data.sources.flatMap((s) => (s.labels || []).map(([key]) => key)))].sort().slice(0, labelFilters);
  for (const s of data.sources) s.labelText = (s.labels || []).map(([key, value]) => key + "=" + value).join(", ");
  const label = (s, key) => ((s.labels || []).find(([k]) => k === key) || ["", ""])[1];
  const byLabel = labelKeys.map((key) => ({ key: "label:" + key, title: "Label " + key, values: (row) => [label(row.source, key)] }));
  const labelColumn = labelKeys.length ? [{ key: "labels", title: "Labels", value: (row) => row.source.labelText, cell: (row) => row.source.labelText ? clamp(row.source.labelText) : null }] : [];
  const hasTeams = data.findings.some((f) => f[16]) || (data.tokens || []).some((t) => t[22]);
  const byTeam = hasTeams ? [{ key: "team", title: "Team", values: (row) => [row.team || "unassigned"] }] : [];
  const teamColumn = hasTeams ? [{ key: "team", title: "Team", value: (row) => row.team }] : [];
  const ownerColumn = { key: "owner", title: "Owner", value: (row) => row.owner[0], cell: (row) => row.owner[0] ? element("div", "owner", clamp(row.owner[0])) : null };
  const byOwner = { key: "owner", title: "Owner", values: (row) => [row.owner[0]] };

  // A risk is what is certain, what is possible, and the bands of both.
  const points = ([least, most]) => least === most ? String(least) : least + " to " + most;
  const bandText = ([, , least, most]) => least === most ? least : least + " to " + most;
  const riskColumn = {
    key: "risk", title: "Risk", value: (row) => row.risk ? points(row.risk) : "", sort: (row) => row.risk ? -1000 * row.risk[0] - row.risk[1] : null,
    cell: (row) => row.risk ? element("div", "risk", element("b", "", points(row.risk)), element("span", "band", bandText(row.risk))) : null,
  };
  const byRisk = { key: "risk", title: "Risk", order: rank([...bands, ...bands.map((band) => "could be " + band)]), values: ({ risk }) => risk ? [risk[2], risk[3] === risk[2] ? "" : "could be " + risk[3]] : ["unknown"] };
  const tokenColumn = {
    key: "token", title: "Token", wide: "text token", value: (row) => row.name + "\n" + row.id,
    cell: (row) => element("div", "", element("div", "name", clamp(row.name)), row.status === "expired" || row.status === "revoked" ? badge(row.status) : null, identifier(row.id)),
  };

  // A waiver is copied as YAML. Texts of the page have no characters that cannot be seen,
  // and of such texts JSON is YAML.
  const quote = (text) => JSON.stringify(text);
  const entry = (f) => [
    "  # below waivers: in the configuration; " + quote(f.name),
    "  - rule: " + quote(f.rule), "    token: " + quote(f.id), ...(f.key ? ["    key: " + quote(f.key)] : []),
    '    reason: "" # why it is acceptable', '    owner: "" # who must remove the cause', '    approved_by: "" # who accepted the risk', '    expires: "" # the last day on which it holds, as in 2027-01-31', "",
  ].join("\n");
  const waiver = (f) => {
    if (f.key === null) return null;
    const said = element("span", "soft"), yaml = element("pre", "", entry(f));
    said.setAttribute("role", "status");
    yaml.hidden = true;
    const copied = () => { said.textContent = "Copied. Fill in the empty values: the configuration is refused without them."; };
    return element("div", "waiver", button("", "Copy waiver", () => {
      yaml.hidden = false;
      const byHand = () => {
        getSelection().selectAllChildren(yaml);
        if (document.execCommand("copy")) copied(); else said.textContent = "The browser does not let the page copy: copy the selected text.";
      };
      if (navigator.clipboard) navigator.clipboard.writeText(entry(f)).then(copied, byHand); else byHand();
    }), " ", said, yaml);
  };

  const tokenAnchor = (id) => "token-" + id;
  const hasToken = new Set((data.tokens || []).map((t) => t[0]));
  const rule = (i) => data.rules[i], source = (i) => data.sources[i];
  const findings = data.findings.map((f, index) => ({
    index, anchor: "finding-" + f[13], severity: severities[f[0]], status: f[1] === "fail" ? "open" : f[1], rule: rule(f[2]), source: source(f[3]), token: f[4], id: f[4] || source(f[3]).id, name: f[5], kind: f[6], message: f[7],
    url: f[8], fix: data.fixes[f[9]], baseline: f[10], extra: f[11], evidence: f[12], place: f[14], owner: data.owners[f[15]], team: f[16], risk: f[17], key: f[18], days: f[19], seen: f[20], due: f[21], late: f[22],
  }));
  const found = table("findings", findings, [
    {
      key: "severity", title: "Severity", value: (f) => f.severity, sort: (f) => severities.indexOf(f.severity),
      cell: (f) => element("div", "badges", badge(f.severity), f.status === "open" ? null : badge(f.status), ["new", "reopened"].includes(f.baseline) ? badge(f.baseline) : null, f.late ? badge("overdue") : null),
    },
    riskColumn, tokenColumn,
    { key: "rule", title: "What is wrong", wide: "text", value: (f) => f.rule, sort: (f) => f.rule + "\n" + f.message, cell: (f) => element("div", "", clamp(f.message), identifier(f.rule)) },
    ownerColumn, ...teamColumn, ...labelColumn,
    ...(data.compared ? [{ key: "days", title: "Days open", value: (f) => f.days ?? "", sort: (f) => f.days === null ? 1 : -f.days, numeric: true }] : []),
  ], [
    { key: "severity", title: "Severity", values: (f) => [f.severity], order: rank(severities) }, { key: "status", title: "Status", values: (f) => [f.status] }, byRisk,
    { key: "rule", title: "Rule", values: (f) => [f.rule] }, { key: "cms", title: "CMS", values: (f) => [f.source.cms] }, ...(data.compared ? [{ key: "since", title: "Since", values: (f) => [f.baseline] }] : []),
    ...(findings.some((f) => f.due) ? [{ key: "due", title: "Deadline", values: (f) => [f.late ? "overdue" : f.due ? "ahead" : "none known"] }] : []),
    byOwner, ...byTeam, ...byLabel, { key: "token", title: "Token", exact: true, values: (f) => [f.id] },
  ], (f) => element("div", "", list([
    ["What is wrong", f.message], ["What to do", f.fix], ["Token", f.token && hasToken.has(f.token) ? link("#" + encode(tokenAnchor(f.token)), "in the inventory") : ""], ["Where", f.url ? foreign(f.url) : ""], ["Source", f.source.name + " (" + f.source.id + ")"],
    ["Labels", f.source.labelText], ["Owner", f.owner.filter(Boolean).join(": ")], ["Team", f.team], ["Kind", f.kind], ["Declared", f.place], ["First seen", f.seen], ["Due", f.due], ["Why it is here", f.extra], ["Evidence", f.evidence ? element("code", "", f.evidence) : ""],
    ["Link", link("#" + f.anchor, "to this finding")],
  ]), waiver(f)), [
    { key: "rule", title: "none" },
    { key: "token", title: "token", value: (f) => f.name + "  " + f.id, sort: (a, b) => (riskColumn.sort(a) ?? 1) - (riskColumn.sort(b) ?? 1) },
    { key: "owner", title: "owner", value: (f) => f.team || f.owner[0] || "nobody" }, { key: "cms", title: "CMS", value: (f) => f.source.cms },
    ...[...new Set([...labelKeys, (/^label:(.+)/.exec(data.group) || [])[1]])].filter(Boolean).map((key) => ({ key: "label:" + key, title: "label " + key, value: (f) => label(f.source, key) || "without label " + key })),
  ]);
  const tables = [found];

  if (data.tokens) {
    const anchors = new Map();
    for (const f of findings) if (f.token) anchors.set(f.rule + "\n" + f.token, f.anchor);
    const tokens = data.tokens.map((t, index) => ({
      index, anchor: tokenAnchor(t[0]), id: t[0], name: t[1], source: source(t[2]), kind: t[3], level: t[4], status: t[5], environments: t[6], role: t[7], created: t[8], age: t[9],
      expiry: t[10], left: t[11], used: t[12], idle: t[13], owner: data.owners[t[14]], failed: t[15].map(rule), undecided: t[16].map(rule), waived: t[17].map(rule), url: t[18], grants: t[19], description: t[20], reason: t[21], team: t[22],
      risk: t[23], factors: t[24].map((i) => data.factors[i]), ownerRole: t[25],
    }));
    const reach = (t) => {
      const chain = element("div", "reach", element("span", "", t.name || t.id), element("em", "", "\u2192"), element("span", "", (t.role ? t.role + ": " : "") + t.level), element("em", "", "\u2192"));
      for (const name of t.environments.names) chain.append(element("span", "", name));
      if (t.environments.more) chain.append(element("em", "", "and " + number(t.environments.more) + " more"));
      if (t.environments.state !== "listed") chain.append(element("em", "", t.environments.state === "all" ? "all there are, now and later" : "unknown: " + t.environments.reason));
      return chain;
    };
    const rules = (t, names) => names.length ? separated(names.map((name) => anchors.has(name + "\n" + t.id) ? link("#" + anchors.get(name + "\n" + t.id), name) : name), ", ") : "";
    tables.push(table("inventory", tokens, [
      riskColumn, tokenColumn,
      { key: "can", title: "Can", value: (t) => t.level, sort: (t) => levels.indexOf(t.level), cell: (t) => element("div", "", t.level, element("span", "band", t.kind)) },
      ownerColumn, ...teamColumn, ...labelColumn,
      { key: "age", title: "Age", value: (t) => t.created, sort: (t) => t.age, numeric: true },
      { key: "expires", title: "Expires", value: (t) => t.expiry, sort: (t) => t.left, numeric: true },
      { key: "used", title: "Last used", value: (t) => t.used, sort: (t) => t.idle, numeric: true },
      { key: "environments", title: "Environments", value: (t) => t.environments.text, sort: (t) => t.environments.count, numeric: true },
      { key: "findings", title: "Findings", value: (t) => String(t.failed.length), sort: (t) => -t.failed.length, numeric: true, cell: (t) => t.failed.length ? link("#findings&findings.status=open&findings.token=" + encodeURIComponent(t.id), String(t.failed.length)) : "0" },
    ], [
      byRisk, { key: "cms", title: "CMS", values: (t) => [t.source.cms] }, { key: "kind", title: "Kind", values: (t) => [t.kind] }, { key: "can", title: "Can", values: (t) => [t.level], order: rank(levels) },
      { key: "status", title: "Status", values: (t) => [t.status] }, { key: "source", title: "Source", values: (t) => [t.source.id] }, byOwner, ...byTeam, ...byLabel,
    ], (t) => list([
      ["Reach", reach(t)], ["Risk", t.risk ? points(t.risk) + ", " + bandText(t.risk) : ""], ["Factors", t.factors.length ? element("ul", "", ...t.factors.map((factor) => element("li", "", factor))) : ""],
      ["Description", t.description], ["Where", t.url ? foreign(t.url) : ""], ["Source", t.source.name + " (" + t.source.id + ")"], ["Labels", t.source.labelText], ["Owner", t.owner.filter(Boolean).join(": ")], ["Role of the owner", t.ownerRole], ["Team", t.team],
      ["Grants", t.grants], ["Why assumed", t.reason], ["Fails", rules(t, t.failed)], ["Waived", rules(t, t.waived)], ["Not evaluated", t.undecided.join(", ")], ["Link", link("#" + encode(t.anchor), "to this token")],
    ])));
  }

  // The ids of controls are there for those who ask.
  const controls = document.getElementById("control-ids");
  const restoreControls = () => {
    if (!controls) return;
    const shown = state.get("controls") === "shown";
    controls.hidden = false;
    controls.setAttribute("aria-pressed", String(shown));
    document.body.classList.toggle("with-controls", shown);
  };
  if (controls) controls.addEventListener("click", () => { place = "rules"; remember("controls", state.get("controls") ? "" : "shown", ""); restoreControls(); });

  const visit = () => {
    if (!place || tables.some((t) => t.reveal(place))) return;
    const target = document.getElementById(place);
    if (target) target.scrollIntoView();
  };
  document.addEventListener("click", (event) => {
    const a = event.target.closest('a[href^="#"]');
    if (!a || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    const asked = parse(a.getAttribute("href"));
    const changed = tables.filter((t) => [...asked.params.keys()].some((key) => key.startsWith(t.id + ".")));
    for (const t of changed) forget(t.id);
    for (const [key, value] of asked.params) state.set(key, value);
    place = asked.place;
    if (address() !== location.hash) record("pushState");
    for (const t of changed) t.restore();
    visit();
  });
  addEventListener("hashchange", () => {
    ({ place, params: state } = parse(location.hash));
    tables.forEach((t) => t.restore());
    restoreControls();
    visit();
  });

  // A phone shows each row as a block, in which the titles of the columns are labels.
  for (const plain of document.querySelectorAll("table.plain")) {
    const titles = [...plain.querySelectorAll("thead th")].map((th) => th.textContent);
    for (const tr of plain.tBodies[0].rows) [...tr.cells].forEach((td, i) => { td.dataset.label = titles[i]; });
    plain.classList.add("stack");
  }
  // What is wider than the page scrolls by the keyboard, too.
  const reachable = () => {
    for (const box of document.querySelectorAll(".scroll")) if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; else box.removeAttribute("tabindex");
  };
  addEventListener("resize", reachable);

  // On paper a line for each token stands for its findings, those with the highest risk
  // first, of what the filters let through.
  const paper = document.getElementById("paper");
  const write = () => {
    const byToken = new Map();
    for (const f of found.shown().slice(0, printRows)) byToken.set(f.id, [...(byToken.get(f.id) || []), f]);
    const rows = [...byToken.values()].sort(([a], [b]) => (riskColumn.sort(a) ?? 1) - (riskColumn.sort(b) ?? 1));
    const body = element("tbody", "", ...rows.map((all) => {
      const [first] = all, bySeverity = new Map();
      for (const f of all.sort((x, y) => severities.indexOf(x.severity) - severities.indexOf(y.severity))) {
        const words = f.status === "open" ? f.severity : f.severity + ", " + f.status;
        bySeverity.set(words, (bySeverity.get(words) || new Set()).add(f.rule));
      }
      const owner = [first.team, first.team && first.owner[0] === "unknown" ? "" : first.owner[0]].filter(Boolean).join(", ");
      return element("tr", "", element("td", "n", first.risk ? points(first.risk) : ""), element("td", "text", element("b", "", first.name), owner ? " \u00b7 " + owner : "", element("br"), identifier(first.id)),
        element("td", "text", [...bySeverity].map(([words, rules]) => words + ": " + [...rules].join(", ")).join("; ")));
    }));
    const head = element("tr", "", ...["Risk", "Token and owner", "Findings"].map((title, i) => element("th", i ? "" : "n", title)));
    const some = found.shown().length, rest = some - printRows;
    paper.replaceChildren(...(some < findings.length ? [element("p", "", "Filtered: " + number(some) + " of " + number(findings.length) + " findings.")] : []), element("table", "", element("thead", "", head), body), ...(rest > 0 ? [element("p", "", "And " + number(rest) + " more findings, which are in the page that this was printed from.")] : []));
  };
  addEventListener("beforeprint", () => {
    write();
    for (const more of document.querySelectorAll("details")) more.open = true;
  });
  addEventListener("afterprint", () => paper.replaceChildren());

  restoreControls();
  reachable();
  visit();
})();
