// Tells the site that frames this page its height, and what must come into view.
const root = document.documentElement;
const hosts = (root.dataset.hosts || "").split(" ");
const shown = document.querySelector("[data-reveal]");
let host;

const tell = (what) => host && parent.postMessage({ undersigned: 1, ...what }, host);
const reveal = (element) => element && tell({ reveal: element.getBoundingClientRect().top + scrollY });
const size = () => tell({ height: Math.min(20_000, Math.ceil(root.getBoundingClientRect().height)) });

addEventListener("message", ({ data, origin, source }) => {
  if (source !== parent || !hosts.includes(origin) || data?.undersigned !== 1) return;
  host = origin;
  // The host makes room, if a moment late.
  root.style.scrollbarWidth = "none";
  size();
  reveal(shown);
});
new ResizeObserver(size).observe(root);
// A frame has no autofocus.
if (document.hasFocus()) shown?.focus();
// A frame this high scrolls nowhere: links move the host.
addEventListener("click", ({ target }) => reveal(document.getElementById(target.closest("a")?.hash.slice(1))));
