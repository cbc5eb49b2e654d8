// Sorts a table without a request, updates the page while an export is written, and brings back what was typed beside
// another form's button. Without this script, links do the first two.
for (const table of document.querySelectorAll("[data-sortable]")) {
  const headings = [...table.tHead.rows[0].cells];
  const collator = new Intl.Collator(document.documentElement.lang, { numeric: true });
  table.tHead.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    // Only the server can sort a table of several pages.
    if (!link || event.ctrlKey || event.metaKey || table.dataset.sortable === "part") return;
    event.preventDefault();
    const heading = link.closest("th");
    const order = new URL(link.href).searchParams.get("order");
    const value = (row) => row.cells[headings.indexOf(heading)].dataset.value;
    const rows = [...table.tBodies[0].rows].sort((one, other) => collator.compare(value(one), value(other)));
    table.tBodies[0].append(...(order === "descending" ? rows.reverse() : rows));
    headings.forEach((it) => it.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", order);
    history.replaceState(null, "", link.href);
    link.href = link.href.replace(order, order === "descending" ? "ascending" : "descending");
  });
}

let pause = 1000;
const update = async () => {
  const live = document.querySelector("[data-live]");
  if (!live) return;
  if (!document.hidden) {
    const answer = await fetch(location.pathname).catch(() => null);
    const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    const latest = page && page.getElementById("live");
    if (latest && latest.innerHTML !== live.innerHTML) {
      live.replaceChildren(...latest.childNodes);
      live.toggleAttribute("data-live", latest.hasAttribute("data-live"));
      // Screen readers announce the newest file's status, not the whole table.
      document.getElementById("said").textContent = live.querySelector("tbody tr td:last-child").textContent;
    }
  }
  pause = Math.min(pause * 1.3, 15000);
  setTimeout(update, pause);
};
setTimeout(update, pause);

// A button sends one form of a page. What was typed in the others stands there again on the next page that has them.
const inputs = (form) => [...form.elements].filter((it) => it.matches("textarea, input:not([type=hidden], [type=password], [type=file])"));
const place = (form) => new URL(form.action).pathname;
const others = () => [...document.querySelectorAll("main form")].filter((it) => !it.action.includes("/workshop"));
addEventListener("submit", ({ target }) => {
  const kept = {};
  for (const form of others().filter((it) => it !== target)) {
    const changed = inputs(form).filter((it) => it.value !== it.defaultValue || it.checked !== it.defaultChecked);
    if (changed.length) kept[place(form)] = changed.map(({ name, value, checked }) => [name, value, checked]);
  }
  sessionStorage.setItem("typed", JSON.stringify(kept));
});
const kept = JSON.parse(sessionStorage.getItem("typed") ?? "{}");
sessionStorage.removeItem("typed");
for (const form of others()) {
  for (const [name, value, checked] of kept[place(form)] ?? []) {
    const field = inputs(form).find((it) => it.name === name);
    if (!field) continue;
    [field.value, field.checked] = [value, checked];
    for (let it = field; (it = it.closest("details:not([open])")); ) it.open = true;
  }
}
