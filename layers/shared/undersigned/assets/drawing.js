// A pad to draw a signature on. The form posts it as strokes of whole numbers, [[x, y, x, y, …], …], in a box of its own.
const WIDTH = 600;
const HEIGHT = 200;
const PEN = 4;

export const openPad = async (button, panel, field) => {
  const { default: SignaturePad } = await import(button.dataset.pad);
  const canvas = panel.querySelector("canvas");
  const [undo, clear] = panel.querySelectorAll("button");
  const pad = new SignaturePad(canvas, { minDistance: 3 });
  const paint = canvas.getContext("2d");
  let strokes = JSON.parse(field.value || "[]");

  const scale = () => canvas.clientWidth / WIDTH;
  const within = (length, side) => Math.min(side, Math.max(0, Math.round(length / scale())));

  // Strokes are kept in the form's box, so a pad that is resized or changes its ink draws them anew.
  const redraw = () => {
    if (!canvas.clientWidth) return;
    canvas.width = canvas.clientWidth * devicePixelRatio;
    canvas.height = canvas.clientHeight * devicePixelRatio;
    paint.scale(devicePixelRatio, devicePixelRatio);
    pad.penColor = getComputedStyle(canvas).color;
    pad.minWidth = pad.maxWidth = (PEN / 2) * scale();
    pad.dotSize = pad.maxWidth;
    const points = (stroke) =>
      stroke.flatMap((x, place) => (place % 2 ? [] : [{ x: x * scale(), y: stroke[place + 1] * scale() }]));
    pad.fromData(strokes.map((stroke) => ({ points: points(stroke) })));
  };

  const post = () => {
    field.value = strokes.length && !panel.hidden ? JSON.stringify(strokes) : "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  };

  const become = (changed) => {
    strokes = changed;
    redraw();
    post();
  };

  // What is drawn counts while the pad is open.
  const toggle = () => {
    panel.hidden = !panel.hidden;
    button.ariaExpanded = String(!panel.hidden);
    post();
  };

  pad.addEventListener("endStroke", () => {
    strokes = pad.toData().map(({ points }) => points.flatMap(({ x, y }) => [within(x, WIDTH), within(y, HEIGHT)]));
    post();
  });
  undo.addEventListener("click", () => become(strokes.slice(0, -1)));
  clear.addEventListener("click", () => become([]));
  button.addEventListener("click", toggle);
  new ResizeObserver(redraw).observe(canvas);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  toggle();
};
