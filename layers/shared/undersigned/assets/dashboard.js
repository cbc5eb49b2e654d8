// Sorts a table without a request, and updates the page while an export is written. Without this script, links do both.
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
