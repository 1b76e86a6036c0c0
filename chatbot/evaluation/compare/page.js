"use strict";
(() => {
  const PAGE = 25;
  const { modes, items, pieces } = JSON.parse(document.getElementById("data").textContent);
  const root = document.getElementById("browser");

  // An element of text, attributes and children; text is never read as markup.
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const mark = (reply) =>
    reply.right === undefined ? "" : reply.right ? "right" : "wrong";
  const words = (item) =>
    (item.words ??= [item.question, item.work, item.expected, ...item.replies.map((one) => one.reply)]
      .join("\n").toLowerCase());

  // A reply with the sentences marked that no evidence supports.
  const said = (reply) => {
    const cell = make("td", { class: "reply" });
    let rest = reply.reply;
    for (const sentence of reply.unsupported ?? []) {
      const at = rest.indexOf(sentence);
      if (at < 0) continue;
      cell.append(rest.slice(0, at), make("mark", { title: "not supported by the evidence" }, sentence));
      rest = rest.slice(at + sentence.length);
    }
    cell.append(rest);
    return cell;
  };

  const evidence = (item) => {
    const groups = new Map();
    for (const reply of item.replies) {
      const key = (reply.evidence ?? []).map(([piece]) => piece).join(",");
      groups.set(key, [...(groups.get(key) ?? []), reply]);
    }
    return [...groups.values()].map((replies) => {
      const shown = replies[0].evidence ?? [];
      const names = replies.map((one) => one.mode).join(", ");
      const list = make("ol", {}, ...shown.map(([number, score]) => {
        const piece = pieces[number];
        const text = piece.text || `paragraph ${piece.place}`;
        return make("li", {}, `${piece.work} (${piece.kind}, ${score}): ${text}`);
      }));
      return make("div", { class: "faint" }, `Evidence of ${names}:${shown.length ? "" : " none."}`, list);
    });
  };

  const filled = (item) => {
    const rows = item.replies.map((reply) => make("tr", {},
      make("th", { scope: "row" }, reply.mode),
      said(reply),
      make("td", { class: reply.right === false ? "bad" : "good" }, mark(reply)),
      make("td", {}, reply.broken ?? reply.verdict ?? ""),
      make("td", {}, reply.tone === undefined ? "-" : reply.tone.toFixed(2)),
      make("td", { class: "time" }, `${(reply.ms / 1000).toFixed(1)} s`)));
    const head = ["mode", "reply", "verdict", "check", "tone", "time"].map((one) => make("th", { scope: "col" }, one));
    const put = [...new Set(item.replies.map((one) => one.put).filter(Boolean))];
    const notes = [
      ...item.before.map(([question, answer]) => `Before: ${question} - ${answer}`),
      item.expected && `Expected: ${item.expected}`,
      put.length && `Put into the evidence instead: ${put.join(", ")}`,
    ].filter(Boolean).map((text) => make("p", { class: "faint" }, text));
    return [...notes, make("div", { class: "wide" },
      make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows))), ...evidence(item)];
  };

  const shown = (item) => {
    const marks = item.replies.filter((one) => one.right !== undefined).map((one) =>
      make("span", { class: one.right ? "good" : "bad", title: `${one.mode}: ${mark(one)}` }, one.right ? "● " : "○ "));
    const details = make("details", {}, make("summary", {},
      make("span", { class: "marks" }, ...marks), make("span", { class: "kind" }, [item.kind, item.work].filter(Boolean).join("; ")),
      item.question));
    details.addEventListener("toggle", () => details.append(...filled(item)), { once: true });
    return details;
  };

  // ---- what is looked for, page by page

  const search = make("input", { type: "search", id: "search", placeholder: "words of a question or a reply" });
  const choice = (id, first, values) =>
    make("select", { id }, make("option", { value: "" }, first),
      ...values.map((value) => make("option", { value }, value)));
  const kind = choice("kind", "all", [...new Set(items.map((item) => item.kind))]);
  const wrong = choice("wrong", "-", ["any mode", ...modes]);
  const back = make("button", { type: "button" }, "Previous");
  const on = make("button", { type: "button" }, "Next");
  const place = make("span", { role: "status", id: "place" });
  const list = make("div", { id: "list" });
  const labelled = (text, control) => make("label", {}, text, control);
  root.append(make("div", { class: "bar" }, labelled("Search", search), labelled("Kind", kind),
    labelled("Wrong in", wrong), back, on, place), list);

  let found = items;
  let first = 0;
  const draw = () => {
    list.replaceChildren(...found.slice(first, first + PAGE).map(shown));
    const last = Math.min(first + PAGE, found.length);
    place.textContent = found.length ? `${first + 1} to ${last} of ${found.length}` : "nothing found";
    back.disabled = first === 0;
    on.disabled = last >= found.length;
  };
  const look = () => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const isWrong = (reply) => reply.right === false && (wrong.value === "any mode" || reply.mode === wrong.value);
    found = items.filter((item) =>
      (!kind.value || item.kind === kind.value) &&
      (!wrong.value || item.replies.some(isWrong)) &&
      wanted.every((word) => words(item).includes(word)));
    first = 0;
    draw();
  };
  search.addEventListener("input", look);
  kind.addEventListener("change", look);
  wrong.addEventListener("change", look);
  back.addEventListener("click", () => { first -= PAGE; draw(); });
  on.addEventListener("click", () => { first += PAGE; draw(); });
  draw();
})();
