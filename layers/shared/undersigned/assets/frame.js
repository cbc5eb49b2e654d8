// Tells the host the height, and what to show.
const root = document.documentElement;
const hosts = (root.dataset.hosts || "").split(" ");
const shown = document.querySelector("[data-reveal]");
let host;

const tell = (data) => host && parent.postMessage({ undersigned: 1, ...data }, host);
const reveal = (element) => element && tell({ reveal: element.getBoundingClientRect().top + scrollY });
const size = () =>
  tell({ height: Math.min(2e4, Math.ceil(root.getBoundingClientRect().height)), signed: !!document.querySelector("[data-sent]") });

addEventListener("message", ({ data, origin, source }) => {
  if (source !== parent || data?.undersigned !== 1) return;
  // Others hear only that it is there.
  if (!hosts.includes(origin)) return parent.postMessage({ undersigned: 1, there: true }, origin);
  host = origin;
  root.style.scrollbarWidth = "none";
  size();
  reveal(shown);
});
new ResizeObserver(size).observe(root);
// Autofocus does nothing in a frame.
if (document.hasFocus()) shown?.focus();
addEventListener("focusin", ({ target }) => "reveal" in target.dataset && reveal(target));
addEventListener("click", ({ target }) => reveal(document.getElementById(target.closest("a")?.hash.slice(1))));
