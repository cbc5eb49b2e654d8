// Sorts a table where it stands, and looks again while a file is being written; both work without, by links.
for (const table of document.querySelectorAll("[data-sortable]")) {
  const headings = [...table.tHead.rows[0].cells];
  const words = new Intl.Collator(document.documentElement.lang, { numeric: true });
  table.tHead.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    // What is on another page can be sorted by the server only.
    if (!link || event.ctrlKey || event.metaKey || table.dataset.sortable === "part") return;
    event.preventDefault();
    const heading = link.closest("th");
    const order = new URL(link.href).searchParams.get("order");
    const value = (row) => row.cells[headings.indexOf(heading)].dataset.value;
    const rows = [...table.tBodies[0].rows].sort((one, other) => words.compare(value(one), value(other)));
    table.tBodies[0].append(...(order === "descending" ? rows.reverse() : rows));
    headings.forEach((it) => it.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", order);
    history.replaceState(null, "", link.href);
    link.href = link.href.replace(order, order === "descending" ? "ascending" : "descending");
  });
}

let pause = 1000;
const look = async () => {
  const live = document.querySelector("[data-live]");
  if (!live) return;
  if (!document.hidden) {
    const answer = await fetch(location.pathname).catch(() => null);
    const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    const news = page && page.getElementById("live");
    if (news && news.innerHTML !== live.innerHTML) {
      live.replaceChildren(...news.childNodes);
      live.toggleAttribute("data-live", news.hasAttribute("data-live"));
      // Screen readers hear how the newest file stands, not the whole table.
      document.getElementById("said").textContent = live.querySelector("tbody tr td:last-child").textContent;
    }
  }
  pause = Math.min(pause * 1.3, 15000);
  setTimeout(look, pause);
};
setTimeout(look, pause);
