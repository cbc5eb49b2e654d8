// A pad for drawing a signature. The form posts strokes of whole numbers, [[x, y, x, y, …], …], on a fixed grid.
const WIDTH = 600;
const HEIGHT = 200;
const PEN = 4;

export const openPad = async (button, panel, field) => {
  const { default: SignaturePad } = await import(button.dataset.pad);
  const canvas = panel.querySelector("canvas");
  const [undo, clear] = panel.querySelectorAll("button");
  const pad = new SignaturePad(canvas, { minDistance: 3 });
  const context = canvas.getContext("2d");
  let strokes = JSON.parse(field.value || "[]");

  const scale = () => canvas.clientWidth / WIDTH;
  const onGrid = (length, side) => Math.min(side, Math.max(0, Math.round(length / scale())));

  // The strokes keep their coordinates on the grid, so they are drawn again when the pad's size or ink color changes.
  const redraw = () => {
    if (!canvas.clientWidth) return;
    canvas.width = canvas.clientWidth * devicePixelRatio;
    canvas.height = canvas.clientHeight * devicePixelRatio;
    context.scale(devicePixelRatio, devicePixelRatio);
    pad.penColor = getComputedStyle(canvas).color;
    pad.minWidth = pad.maxWidth = (PEN / 2) * scale();
    pad.dotSize = pad.maxWidth;
    const points = (stroke) =>
      stroke.flatMap((x, index) => (index % 2 ? [] : [{ x: x * scale(), y: stroke[index + 1] * scale() }]));
    pad.fromData(strokes.map((stroke) => ({ points: points(stroke) })));
  };

  const post = () => {
    field.value = strokes.length && !panel.hidden ? JSON.stringify(strokes) : "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const replace = (changed) => {
    strokes = changed;
    redraw();
    post();
  };

  // The drawing is posted only while the pad is open.
  const toggle = () => {
    panel.hidden = !panel.hidden;
    button.ariaExpanded = String(!panel.hidden);
    post();
  };

  pad.addEventListener("endStroke", () => {
    strokes = pad.toData().map(({ points }) => points.flatMap(({ x, y }) => [onGrid(x, WIDTH), onGrid(y, HEIGHT)]));
    post();
  });
  undo.addEventListener("click", () => replace(strokes.slice(0, -1)));
  clear.addEventListener("click", () => replace([]));
  button.addEventListener("click", toggle);
  new ResizeObserver(redraw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  toggle();
};

// The strokes in the letter, much as the server draws them.
export const picture = (strokes, label) => {
  const [xs, ys] = [0, 1].map((side) => strokes.flatMap((stroke) => stroke.filter((_, at) => at % 2 === side)));
  const span = (all) => [Math.min(...all) - PEN, Math.max(...all) - Math.min(...all) + PEN * 2];
  const [[x, width], [y, height]] = [xs, ys].map(span);
  const scale = 56 / Math.max(height, width / 5, 60);
  const box = { viewBox: [x, y, width, height], width: width * scale, height: height * scale };
  const lines = strokes.map((it) => `M${it.slice(0, 2)}${it.length > 2 ? `L${it.slice(2)}` : "h1"}`).join("");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.innerHTML = `<path d="${lines}" fill="none" stroke="currentColor" stroke-width="${PEN}" stroke-linecap="round" stroke-linejoin="round"/>`;
  const named = { ...box, role: "img", "aria-label": label };
  for (const name in named) svg.setAttribute(name, named[name]);
  return svg;
};
